import { BinaryReader } from '../../shared/context/binary/binary-reader';
import type { ContextFormat } from '../../shared/context/format';
import { XmlReader } from '../../shared/context/xml/xml-reader';
import type { LoggedEvent } from './event-log';
import { EventLog } from './event-log';
import type { Random } from './random';
import { toBinary, toXml } from './write-events';

/** A body of the corpus, and what it was found to hold. */
export interface Seed {
  readonly format: ContextFormat;
  readonly body: Buffer;
  /** What a reader of XML meets in it; nothing for JSON. */
  readonly events: readonly LoggedEvent[];
}

/** Makes a body ready to be changed. */
export function seedOf(format: ContextFormat, body: Buffer): Seed {
  const log = new EventLog();
  if (format === 'xml') new XmlReader().read(body.toString('utf8'), log, false);
  if (format === 'binary') new BinaryReader(body, log).read();
  return { format, body, events: log.events };
}

/** Up to the size that the reader still looks at, and a little more. */
const MAX_BYTES = 1_100_000;

/** Pieces that mean something to one reader or another. */
const TOKENS: Readonly<Record<ContextFormat, readonly string[]>> = {
  json: [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\u0000',
    '\\ud800',
    '"__proto__":',
    '"__type":',
    'null',
    '-',
    '1e999',
    '-0',
    '9007199254740993',
    '1.10',
    '"value":',
    '"key":"__proto__",',
    '"\\/Date(1)\\/"',
    '\ufeff',
    '/*',
    'NaN',
  ],
  xml: [
    '<',
    '>',
    '</',
    '/>',
    '&',
    ';',
    '&amp;',
    '&#x1;',
    '&#x0;',
    '&#xD800;',
    '&#x110000;',
    '&#99999999999;',
    '&constructor;',
    '&__proto__;',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<?',
    '?>',
    '<!DOCTYPE x [<!ENTITY a "b">]>',
    '<?xml version="1.1"?>',
    ' i:nil="true"',
    ' i:type="x"',
    ' i:type="b:int"',
    ' xmlns="x"',
    ' xmlns:b=""',
    ':',
    '"',
    '\ufeff',
    '\uf6fe',
    '\ufffe',
    '<a:key>__proto__</a:key>',
    '\r',
    '  ',
  ],
  binary: [],
};

const BYTES = [
  0, 1, 2, 3, 4, 5, 8, 9, 0x0a, 0x20, 0x40, 0x41, 0x42, 0x5e, 0x5f, 0x7f, 0x80, 0x81, 0x9c, 0xa4, 0xa6, 0xa7, 0xaa,
  0xbc, 0xfe, 0xff,
];

const NAMES = [
  '__proto__',
  'constructor',
  'Value',
  'Id',
  'Attributes',
  'Entities',
  'RemoteExecutionContext',
  'string',
  'key',
  'x',
];

const TEXTS = [
  '',
  '0',
  '1',
  '-1',
  'true',
  'INF',
  'NaN',
  '99999999999999999999',
  '1e400',
  '2026-02-30T00:00:00',
  '0001-01-01T00:00:00+14:00',
  '__proto__',
  '\u0000',
  '\ud800',
  '\udc00',
  '\uf6fe',
  '\uf6fe\uf6fe',
  '\ufffd',
  ' ',
  '====',
  'b:int',
  ':',
  'a:b:c',
  '<![CDATA[',
];

function withRange(body: Buffer, random: Random, put: (range: Buffer) => Buffer): Buffer {
  const from = random.below(body.length + 1);
  const to = from + random.below(Math.min(body.length - from, random.happens(0.2) ? body.length : 40) + 1);
  return Buffer.concat([body.subarray(0, from), put(body.subarray(from, to)), body.subarray(to)]);
}

function byteMutation(body: Buffer, other: Buffer, format: ContextFormat, random: Random): Buffer {
  switch (random.below(9)) {
    case 0: {
      const copy = Buffer.from(body);
      if (copy.length > 0) copy[random.below(copy.length)] = random.below(256);
      return copy;
    }
    case 1: {
      const copy = Buffer.from(body);
      const at = random.below(copy.length);
      if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      return copy;
    }
    case 2: {
      const copy = Buffer.from(body);
      if (copy.length > 0) copy[random.below(copy.length)] = random.oneOf(BYTES) ?? 0;
      return copy;
    }
    case 3:
      return body.subarray(0, random.below(body.length + 1));
    case 4:
      return withRange(body, random, () => Buffer.alloc(0));
    case 5:
      return withRange(body, random, (range) => Buffer.concat([range, range]));
    case 6:
      return withRange(body, random, (range) => {
        const times = Math.min(random.below(50_000), Math.floor((MAX_BYTES - body.length) / (range.length + 1)));
        return random.happens(0.1) && times > 0
          ? Buffer.concat(Array.from({ length: times }, () => range))
          : random.bytes(4);
      });
    case 7: {
      const from = random.below(other.length + 1);
      const piece = other.subarray(from, from + random.below(400));
      return withRange(body, random, () => piece);
    }
    default: {
      const token = random.oneOf(TOKENS[format]);
      const piece = token === undefined ? random.bytes(1 + random.below(6)) : Buffer.from(token);
      return withRange(body, random, (range) => (random.happens(0.5) ? piece : Buffer.concat([piece, range])));
    }
  }
}

/** Index after the element that opens at `from`. */
function endOf(events: readonly LoggedEvent[], from: number): number {
  let depth = 0;
  for (let at = from; at < events.length; at++) {
    const kind = events[at]?.kind;
    if (kind === 'open') depth++;
    if (kind === 'close' && --depth === 0) return at + 1;
  }
  return events.length;
}

function anElement(events: readonly LoggedEvent[], random: Random): readonly [from: number, to: number] {
  const opens = events.flatMap((event, index) => (event.kind === 'open' ? [index] : []));
  const from = random.oneOf(opens) ?? 0;
  return [from, endOf(events, from)];
}

function changedEvent(event: LoggedEvent, random: Random): LoggedEvent {
  const name = random.oneOf(NAMES) ?? '';
  const text = random.oneOf(TEXTS) ?? '';
  switch (event.kind) {
    case 'open':
      return {
        ...event,
        ...(random.happens(0.5) ? { name } : { prefix: random.oneOf(['', 'a', 'b', 'i', 'zz']) ?? '' }),
      };
    case 'declare':
      return {
        ...event,
        ...(random.happens(0.5) ? { uri: text } : { prefix: random.oneOf(['', 'a', 'b', 'xml', 'xmlns']) ?? '' }),
      };
    case 'attribute':
      return {
        ...event,
        ...(random.happens(0.5) ? { value: text } : { name: random.oneOf(['type', 'nil', 'x']) ?? '' }),
      };
    case 'text':
      return { ...event, text };
    case 'bytes':
      return { ...event, bytes: random.bytes(random.below(9)) };
    case 'opened':
    case 'close':
      return event;
  }
}

function structureMutation(
  events: readonly LoggedEvent[],
  other: readonly LoggedEvent[],
  random: Random,
): LoggedEvent[] {
  const [from, to] = anElement(events, random);
  const element = events.slice(from, to);
  const before = events.slice(0, from);
  const after = events.slice(to);
  switch (random.below(6)) {
    case 0:
      return [...before, ...after];
    case 1: {
      const times = random.happens(0.05)
        ? Math.floor(random.below(20_000) / Math.max(1, element.length))
        : 1 + random.below(3);
      return [...before, ...Array.from({ length: times }, () => element).flat(), ...after];
    }
    case 2: {
      const [otherFrom, otherTo] = anElement(other, random);
      return [...before, ...other.slice(otherFrom, otherTo), ...after];
    }
    case 3: {
      // The element inside itself, and again.
      let nested = element;
      const times = random.happens(0.05) ? random.below(600) : 1 + random.below(5);
      for (let time = 0; time < times && nested.length < 50_000; time++) {
        nested = [...element.slice(0, -1), ...(time === 0 ? element : nested), ...element.slice(-1)];
        if (element.length > 200) break;
      }
      return [...before, ...nested, ...after];
    }
    default:
      return events.map((event) => (random.happens(3 / events.length) ? changedEvent(event, random) : event));
  }
}

type Wire = Record<string, unknown>;

/** JSON with a value somewhere replaced by another, or by one from another body. */
function jsonMutation(text: string, other: string, random: Random): string {
  const donor = JSON.parse(other) as unknown;
  const some = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null || random.happens(0.2)) return node;
    return some(random.oneOf(Object.values(node)));
  };
  const put = (): unknown => {
    switch (random.below(4)) {
      case 0:
        return some(donor);
      case 1:
        return random.oneOf(TEXTS);
      case 2:
        return random.oneOf<unknown>([null, true, 0, -0, 1.5, 1e21, 9007199254740993, [], {}, [[]], [{}]]);
      default:
        return Array.from({ length: random.below(6) }, () => some(donor));
    }
  };
  const replaced = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null || random.happens(0.1)) return put();
    const copy = (Array.isArray(node) ? [...(node as unknown[])] : { ...node }) as Wire;
    const name = random.oneOf(Object.keys(copy));
    if (name === undefined) return put();
    if (random.happens(0.1)) Reflect.deleteProperty(copy, name);
    else copy[name] = replaced(copy[name]);
    return copy;
  };
  return JSON.stringify(replaced(JSON.parse(text)) ?? null);
}

/** A body of the corpus, changed by chance once or several times. */
export function mutated(seed: Seed, other: Seed, random: Random): Buffer {
  let body = seed.body;
  if (random.happens(0.5)) {
    if (seed.format === 'json') {
      const donor = other.format === 'json' ? other.body : seed.body;
      body = Buffer.from(jsonMutation(seed.body.toString('utf8'), donor.toString('utf8'), random));
    } else {
      let { events } = seed;
      for (let times = 1 + random.below(3); times > 0; times--) {
        events = structureMutation(events, other.events.length > 0 ? other.events : seed.events, random);
      }
      body = seed.format === 'xml' ? toXml(events) : toBinary(events, random);
    }
    if (random.happens(0.6)) return body.subarray(0, MAX_BYTES);
  }
  for (let times = 1 + random.below(4); times > 0; times--) body = byteMutation(body, other.body, seed.format, random);
  return body.subarray(0, MAX_BYTES);
}

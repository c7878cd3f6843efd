/**
 * Bodies as large as they may be, made of what costs a reader most for each byte: one piece of a fixture, or a value of an
 * awkward kind, again and again, beside itself and inside itself.
 */
import type { ContextFormat } from '../../shared/context/format';
import { XmlReader } from '../../shared/context/xml/xml-reader';
import { EventLog, type LoggedEvent } from './event-log';
import type { Random } from './random';
import { toBinary } from './write-events';

const XRM = ':http://schemas.microsoft.com/xrm/2011/Contracts';
const SCHEMA = 'http://www.w3.org/2001/XMLSchema';

/** Text of a value that fills a body. */
const LONG_TEXTS = [
  '0',
  '1',
  '9',
  '10',
  'a',
  ' ',
  '1,',
  '-1,',
  '\\\\',
  '\\"',
  '\\u0001',
  '=',
  'Part1',
  'Label1',
  '&lt;',
  '&#x1;',
  '\uf6fe',
  'é',
  '\u{1f600}',
  '\u202e',
];

/** Values of JSON; the depth of the one around them is taken from the bound. */
const JSON_LEAVES = [
  '1.10',
  '1',
  '1e400',
  '1e-400',
  '-0',
  '9007199254740993',
  '""',
  '"a"',
  '"/Date(1)/"',
  'null',
  'true',
  '{}',
  '[]',
  `{"__type":"Money${XRM}","Value":1.10}`,
  `{"__type":"OptionSetValue${XRM}","Value":1}`,
  `{"__type":"EntityReference${XRM}","Id":"e48664d8-dbdd-43be-8d96-c02d26fc1d54","LogicalName":"account"}`,
] as const;

/** What may stand around a value of JSON. */
const JSON_WRAPS: readonly (readonly [before: string, after: string])[] = [
  ['[', ']'],
  ['[1,', ']'],
  ['[{},', ']'],
  ['{"a":', '}'],
  ['{"value":', '}'],
  ['{"Value":', '}'],
  [`{"__type":"AliasedValue${XRM}","Value":`, '}'],
  [`{"__type":"EntityCollection${XRM}","Entities":[{"Id":"x","Attributes":[{"key":"k","value":`, '}]}]}'],
];

const XML_LEAVES = [
  '<x/>',
  '<x a="" b=""/>',
  '<x xmlns:q="u"/>',
  '<x i:type="b:int">1</x>',
  '<x i:type="b:decimal">1.10</x>',
  '<x i:type="b:string"/>',
  '<x>a</x>',
  '<x i:type="Money"><Value>1.10</Value></x>',
  '<!--a-->',
  '<x><![CDATA[a]]></x>',
  '<x>&#x1;</x>',
  '<x>&#x41;&lt;</x>',
] as const;

const XML_WRAPS: readonly (readonly [before: string, after: string])[] = [
  ['<x>', '</x>'],
  ['<Value i:type="AliasedValue">', '</Value>'],
  ['<x xmlns:q="u">', '</x>'],
];

/** Where a context in XML ends. */
const END = '</RemoteExecutionContext>';

/** A piece of a text: so many times beside itself, up to so many characters. */
const times = (unit: string, room: number): string => unit.repeat(Math.max(1, Math.floor(room / unit.length)));

/** Values nest up to 64 deep. */
const depthOf = (random: Random): number => (random.happens(0.5) ? 0 : 1 + random.below(random.happens(0.5) ? 63 : 4));

function wrapped(leaf: string, wraps: readonly (readonly [string, string])[], random: Random): string {
  const depth = depthOf(random);
  const [before, after] = random.oneOf(wraps) ?? ['', ''];
  return before.repeat(depth) + leaf + after.repeat(depth);
}

/** A fixture into which something can be put. */
export interface Mould {
  readonly format: ContextFormat;
  /** The text of JSON, or of the document that the binary form holds. */
  readonly text: string;
}

/** What is known of the columns that a mapping names. */
type ColumnNames = readonly { readonly name: string }[];

/** A body of at most `maxBytes`, filled by chance. */
export function filled(mould: Mould, columns: ColumnNames, maxBytes: number, random: Random): Buffer {
  if (mould.format === 'json') return filledJson(mould.text, columns, maxBytes, random);
  const text = filledXml(mould.text, columns, mould.format === 'xml' ? maxBytes : binaryRoom(random, maxBytes), random);
  if (mould.format === 'xml') return Buffer.from(text).subarray(0, maxBytes);
  const body = toBinary(eventsOf(text), random);
  return body.length <= maxBytes ? body : toBinary(eventsOf(mould.text), random);
}

/** The binary form takes about half as many bytes for the same. */
const binaryRoom = (random: Random, maxBytes: number): number => Math.floor(maxBytes * (0.5 + random.below(100) / 100));

function eventsOf(text: string): readonly LoggedEvent[] {
  const log = new EventLog();
  new XmlReader().read(text, log, false);
  return log.events;
}

function filledJson(text: string, columns: ColumnNames, maxBytes: number, random: Random): Buffer {
  const room = maxBytes - Buffer.byteLength(text) - 200;
  const column = (): string => (random.happens(0.7) ? (random.oneOf(columns)?.name ?? 'x') : 'other');
  /** Each list of pairs: columns of a row, parameters, variables. */
  const lists = [...text.matchAll(/"(?:Attributes|InputParameters|SharedVariables)":\[/g)].map(
    (found) => found.index + found[0].length,
  );
  const at = random.happens(0.6) ? lists[lists.length > 1 ? 1 : 0] : random.oneOf(lists);
  const put = (pairs: string): Buffer =>
    at === undefined
      ? Buffer.from(text)
      : Buffer.from(`${text.slice(0, at)}${pairs}${text[at] === ']' ? '' : ','}${text.slice(at)}`);
  switch (random.below(6)) {
    // One long value.
    case 0: {
      const unit = random.oneOf(LONG_TEXTS) ?? 'a';
      const long = times(unit, Math.floor((room * unit.length) / Buffer.byteLength(unit)));
      const value =
        random.happens(0.3) && /^\d+$/.test(unit) ? `${random.oneOf(['1.', '1', '0.']) ?? ''}${long}` : `"${long}"`;
      return put(`{"key":"${column()}","value":${value}}`);
    }
    // Very many columns.
    case 1: {
      const leaf = wrapped(random.oneOf(JSON_LEAVES) ?? '1', JSON_WRAPS, random);
      const pairs: string[] = [];
      for (let left = room, n = 0; left > 0; n += 1) {
        const pair = `{"key":"c${n.toString(36)}","value":${leaf}}`;
        left -= pair.length + 1;
        if (left > 0) pairs.push(pair);
      }
      return put(pairs.join(','));
    }
    // Every column that has a rule, with a long value each.
    case 2: {
      const some = columns.slice(0, 1 + random.below(columns.length));
      const each = Math.floor(room / some.length) - 60;
      const unit = random.oneOf([...LONG_TEXTS.slice(0, 8), 'a']) ?? 'a';
      return put(some.map(({ name }) => `{"key":"${name}","value":"${times(unit, each)}"}`).join(','));
    }
    // Members of the context.
    case 3: {
      const leaf = wrapped(random.oneOf(JSON_LEAVES) ?? '1', JSON_WRAPS, random);
      const members: string[] = [];
      for (let left = room, n = 0; left > 0; n += 1) {
        const member = `"${n.toString(36)}":${leaf}`;
        left -= member.length + 1;
        if (left > 0) members.push(member);
      }
      return Buffer.from(`${text.slice(0, -1)},${members.join(',')}}`);
    }
    // One column that holds very many values.
    default: {
      const leaf = wrapped(random.oneOf(JSON_LEAVES) ?? '1', JSON_WRAPS, random);
      const list = `[${times(`${leaf},`, room - 100)}${leaf}]`;
      return put(`{"key":"${column()}","value":${random.happens(0.2) ? `{"a":${list}}` : list}}`);
    }
  }
}

function filledXml(text: string, columns: ColumnNames, maxBytes: number, random: Random): string {
  const room = maxBytes - Buffer.byteLength(text) - 500;
  const column = (): string => (random.happens(0.7) ? (random.oneOf(columns)?.name ?? 'x') : 'other');
  const ns = `xmlns:a="http://schemas.datacontract.org/2004/07/System.Collections.Generic" xmlns:b="${SCHEMA}"`;
  const [, start = ''] = /(<Attributes[^>]*[^/]>)/.exec(text) ?? [];
  const put = (pairs: string): string => (start === '' ? text : text.replace(start, () => `${start}${pairs}`));
  const xmlTexts = LONG_TEXTS.filter((unit) => !unit.includes('\\'));
  const leafOf = (): string => wrapped(random.oneOf(XML_LEAVES) ?? '<x/>', XML_WRAPS, random);
  switch (random.below(5)) {
    case 0: {
      const unit = random.oneOf(xmlTexts) ?? 'a';
      const type = random.oneOf(['string', 'int', 'long', 'decimal', 'double', 'base64Binary', 'dateTime']) ?? 'string';
      const long = times(unit, Math.floor((room * unit.length) / Buffer.byteLength(unit)));
      return put(`<p ${ns}><a:key>${column()}</a:key><a:value i:type="b:${type}">${long}</a:value></p>`);
    }
    case 1: {
      const leaf = leafOf();
      const pairs: string[] = [];
      for (let left = room, n = 0; left > 0; n += 1) {
        const pair = `<p ${ns}><a:key>c${n.toString(36)}</a:key><a:value>${leaf}</a:value></p>`;
        left -= pair.length;
        if (left > 0) pairs.push(pair);
      }
      return put(pairs.join(''));
    }
    case 2:
      return text.replace(END, () => `<y xmlns:b="${SCHEMA}">${times(leafOf(), room)}</y>${END}`);
    case 3:
      return text.replace(END, () => `${times(random.oneOf(['<x/>', '<x>1</x>', '<x a=""/>']) ?? '<x/>', room)}${END}`);
    default: {
      const type = random.happens(0.5) ? ' i:type="ArrayOfOptionSetValue"' : '';
      return put(`<p ${ns}><a:key>${column()}</a:key><a:value${type}>${times(leafOf(), room)}</a:value></p>`);
    }
  }
}

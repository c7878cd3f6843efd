import { SaxesParser } from 'saxes';
import type { Change } from '../../../shared/change/association';
import type { Context } from '../../../shared/context/context';
import { markForbidden } from '../../../shared/context/xml/forbidden-references';
import { readContext } from '../../../shared/context/read-context';
import { changesOf } from '../../../shared/context/messages/to-changes';
import { contextOf, EVENTS } from '../inputs/contexts';
import { figuresOf } from '../measure/compare';
import type { Group } from '../measure/figure';
import { inRounds } from '../measure/rounds';

const SIZES_KB = [2, 60];
/** Enough for the compiler, even in short rounds. */
const WARMUP_ROUNDS = 10;

const toChanges = (body: Buffer): readonly Change[] => changesOf(readContext(body), { source: 'bench', body });

/** Reads every column of every change, as whoever stores them does. */
function readColumns(body: Buffer): number {
  let read = 0;
  for (const change of toChanges(body)) {
    if (!('columns' in change)) continue;
    for (const [, value] of change.columns) if (value !== null) read += 1;
  }
  return read;
}

/** Often enough that the clock's own time doesn't count. */
const times = (count: number, run: () => unknown) => (): void => {
  for (let n = 0; n < count; n += 1) run();
};

/** Reads every part of an event, its parents too. */
function readAll(body: Buffer): number {
  let parts = 0;
  for (let at: Context | null = readContext(body); at !== null; at = at.parent) {
    for (const map of [at.inputParameters, at.outputParameters, at.sharedVariables, at.preImages, at.postImages]) {
      parts += [...(map ?? [])].length;
    }
  }
  return parts;
}

const parseJson = (body: Buffer): unknown => JSON.parse(body.toString('utf8'));

/** Nothing but telling what is met, with the same options and handlers as the app's reader has. */
function xmlEvents(body: Buffer): void {
  const parser = new SaxesParser({
    xmlns: false,
    position: false,
    forceXMLVersion: true,
    defaultXMLVersion: '1.0',
  });
  let met = 0;
  const meet = (): void => void (met += 1);
  parser.on('xmldecl', meet);
  parser.on('doctype', meet);
  parser.on('opentag', meet);
  parser.on('text', meet);
  parser.on('cdata', meet);
  parser.on('closetag', meet);
  parser.write(body.toString('utf8')).close();
}

/** What plain XML parsers can read: without the references that XML 1.0 forbids and .NET writes. */
const plainXml = (xml: Buffer): Buffer => Buffer.from(markForbidden(xml.toString('utf8')).text);

export const group: Group = {
  about:
    'an event as it came to row changes, against JSON.parse of the same bytes (or of the same event), decoding included',

  async run({ quick, rounds }, tell) {
    const options = { rounds: quick ? rounds : rounds * 3, warmup: WARMUP_ROUNDS, computesMs: quick ? 40 : 150 };
    for (const kilobytes of SIZES_KB) {
      const { json } = contextOf(kilobytes * 1024);
      const operations = Math.ceil(400 / kilobytes);
      const turns = await inRounds(
        {
          changes: { run: times(operations, () => toChanges(json)) },
          columns: { run: times(operations, () => readColumns(json)) },
          'JSON.parse': { run: times(operations, () => parseJson(json)) },
        },
        { ...options, operations },
      );
      tell(
        figuresOf(turns, [
          {
            work: `JSON of ${kilobytes} KB`,
            subject: 'changes',
            against: 'JSON.parse',
            of: 'time',
          },
          {
            work: `JSON of ${kilobytes} KB, every column read`,
            subject: 'columns',
            against: 'JSON.parse',
            of: 'time',
          },
        ]),
      );
    }

    const { xml } = contextOf(60 * 1024);
    const large = await inRounds(
      { changes: { run: () => toChanges(xml) }, 'event stream': { run: () => xmlEvents(xml) } },
      options,
    );
    tell(
      figuresOf(large, [
        {
          work: 'XML of the event of 60 KB',
          subject: 'changes',
          against: 'event stream',
          of: 'time',
        },
      ]),
    );

    const each = (form: keyof (typeof EVENTS)[number], read: (body: Buffer) => unknown) => ({
      run: (): void => {
        for (const event of EVENTS) read(event[form]);
      },
    });
    const plain = EVENTS.map((event) => plainXml(event.xml));
    const formats = await inRounds(
      {
        'JSON.parse': each('json', parseJson),
        json: each('json', toChanges),
        'json all': each('json', readAll),
        'event stream': { run: () => plain.forEach(xmlEvents) },
        xml: each('xml', toChanges),
        'xml all': each('xml', readAll),
        binary: each('binary', toChanges),
        'binary all': each('binary', readAll),
      },
      { ...options, operations: EVENTS.length },
    );
    const of = 'time' as const;
    tell(
      figuresOf(formats, [
        { work: 'seven events, JSON', subject: 'json', against: 'JSON.parse', of },
        { work: 'seven events, JSON, every part', subject: 'json all', against: 'JSON.parse', of },
        { work: 'seven events, XML', subject: 'xml', against: 'event stream', of },
        { work: 'seven events, XML, every part', subject: 'xml all', against: 'event stream', of },
        { work: 'seven events, binary', subject: 'binary', against: 'JSON.parse', of },
        { work: 'seven events, binary, every part', subject: 'binary all', against: 'JSON.parse', of },
      ]),
    );
  },
};

/**
 * What is known of the changes that a LOB system made to one row. It is written before Dataverse is, and after: so whoever dies
 * in between, or comes late, or at once, knows what may have been written. Everything here is pure.
 */
import { hash } from 'node:crypto';
import { NO_VERSION, type RowVersion } from '../change/row-version';

/** What is noted of a column that the LOB system gave a value. */
export interface ColumnNote {
  /** When the LOB system gave it, in milliseconds since 1970. */
  readonly atMs: number;
  /** The LOB system's value. */
  readonly text: string;
  /**
   * Values that were sent, or will be, and of which nobody knows whether they were written: by print and sender (`sendOf`). Each
   * with the latest version that the row may have for that: once the row has a later one, it is over. Or `ROW_MISSING`.
   */
  readonly maybe: ReadonlyMap<string, RowVersion>;
  /** The last value that surely was written: what it was, what Dataverse made of it, and in which version of the row. */
  readonly done?: { readonly text: string; readonly result: string; readonly version: RowVersion };
}

/** One for each row, by the key (or id) that the messages name it by. */
export interface InboundRecord {
  /** Ids of the last messages that were processed, oldest first. */
  readonly ids: readonly string[];
  readonly rowId?: string;
  /** Of the row after our last write. */
  readonly version: RowVersion;
  /** Others had changed the row before that write, which only looked at its own columns: so the version proves nothing of the others. */
  readonly hasGap?: true;
  /** By logical name. */
  readonly columns: ReadonlyMap<string, ColumnNote>;
  /** When the LOB system deleted the row. */
  readonly deletedAtMs?: number;
  /** How often values of the LOB system were put back since a time. */
  readonly restores?: { readonly sinceMs: number; readonly count: number };
}

/** How many ids a record remembers. A message that comes again later is seen to be older, or equal. */
const REMEMBERED = 16;
/** Sends of a column whose end isn't known, at most: beyond it the earliest are forgotten. */
const MOST_MAYBE = 8;

/** In place of a version: a row is to be made, whenever none has the key. Only the sender knows when that is over. */
export const ROW_MISSING: RowVersion = 2n ** 63n - 1n;

type Send = readonly [of: string, version: RowVersion];
const NONE: ReadonlyMap<string, RowVersion> = new Map();

/** More sends, the earliest of too many forgotten. */
function withSends(before: ReadonlyMap<string, RowVersion>, added: Iterable<Send>): ReadonlyMap<string, RowVersion> {
  const sends = new Map(before);
  for (const [send, version] of added) {
    const noted = sends.get(send) ?? NO_VERSION;
    sends.delete(send);
    sends.set(send, noted > version ? noted : version);
  }
  return new Map([...sends].slice(-MOST_MAYBE));
}

/** Of a row that the LOB system never changed. */
export const NO_RECORD: InboundRecord = { ids: [], version: NO_VERSION, columns: new Map() };

const PRINT = 16;
/** A short form of a text that tells whether another one is equal. */
const printOf = (text: string): string => hash('sha256', text, 'base64url').slice(0, PRINT);

/** The name of a value that is sent. `by`: the id of the message because of which it is. */
export const sendOf = (text: string, by: string): string => printOf(text) + printOf(by).slice(0, 6);

const isSentBy = (send: string, by: string): boolean => send.endsWith(printOf(by).slice(0, 6));

/** Whether a text may be a value of the LOB system's that was written. */
export function mayBeSent({ maybe }: Pick<ColumnNote, 'maybe'>, text: string): boolean {
  if (maybe.size === 0) return false;
  const print = printOf(text);
  return [...maybe.keys()].some((send) => send.startsWith(print));
}

/** Whether no other value than this one may yet be written. */
export function isQuiet(note: ColumnNote | undefined, text: string): boolean {
  if (note === undefined || note.maybe.size === 0) return true;
  const print = printOf(text);
  return [...note.maybe.keys()].every((send) => send.startsWith(print));
}

/** Whether another value may be in a row that was made meanwhile: reading it tells. Nothing else may yet be written. */
export const isQuietOnceRead = ({ maybe, ...note }: ColumnNote, text: string): boolean =>
  isQuiet({ ...note, maybe: new Map([...maybe].filter(([, version]) => version !== ROW_MISSING)) }, text);

/** Values that are given to columns at a time. */
export interface Given {
  /** The id of the message because of which they are. */
  readonly by: string;
  readonly atMs: number;
  /** Texts by column. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Whether the LOB system has given the column a later value. */
export const isSuperseded = (record: InboundRecord, column: string, atMs: number): boolean =>
  atMs < Math.max(record.columns.get(column)?.atMs ?? -Infinity, record.deletedAtMs ?? -Infinity);

/**
 * The record with the intent to give these values. The same record where it has that already.
 *
 * @param version that they are to be sent for, where that is known by now
 */
export function intend(record: InboundRecord, { by, atMs, texts }: Given, version = NO_VERSION): InboundRecord {
  const columns = new Map(record.columns);
  let isNew = false;
  for (const [column, text] of texts) {
    if (isSuperseded(record, column, atMs)) continue;
    const before = columns.get(column);
    const send = sendOf(text, by);
    const { maybe = NONE, done } = before ?? {};
    const noted = maybe.get(send);
    if (before?.atMs === atMs && before.text === text && noted !== undefined && noted >= version) continue;
    isNew = true;
    columns.set(column, {
      atMs,
      text,
      maybe: withSends(maybe, [[send, version]]),
      ...(done === undefined ? {} : { done }),
    });
  }
  return isNew ? { ...record, columns } : record;
}

/** What was found or made of a row: its id, its version, and the texts of columns that have the LOB system's value by now. */
export interface Outcome {
  readonly rowId: string;
  readonly version: RowVersion;
  readonly results: ReadonlyMap<string, string>;
  /** Absent where the row was only looked at. */
  readonly wrote?: {
    /** See `hasGap`. */
    readonly overGap: boolean;
    /** Whether what was sent for an earlier version can't be carried out any more; so in these columns it isn't there either. */
    readonly ends: boolean;
  };
}

/**
 * The record after a change was processed, or a part of it.
 *
 * @param noted what this attempt has noted itself (`sendOf`): of that all ends are known. An earlier attempt may have died
 */
export function conclude(
  record: InboundRecord,
  given: Given,
  outcome: Outcome | undefined,
  noted: ReadonlySet<string>,
): InboundRecord {
  const columns = new Map<string, ColumnNote>();
  for (const [column, { maybe, ...note }] of record.columns) {
    // In other columns a value that was sent for an earlier version may be there.
    const isOfIt = outcome !== undefined && given.texts.has(column);
    const isOpen = ([send, version]: Send): boolean => {
      if (noted.has(send)) return false;
      if (!isOfIt) return true;
      const isEnded = version === ROW_MISSING || version < outcome.version;
      return !(isEnded && isSentBy(send, given.by)) && !(version < outcome.version && outcome.wrote?.ends === true);
    };
    columns.set(column, { ...note, maybe: new Map([...maybe].filter(isOpen)) });
  }
  for (const [column, text] of given.texts) {
    const note = columns.get(column);
    const result = outcome?.results.get(column);
    if (note === undefined || outcome === undefined || result === undefined) continue;
    // Somebody who named the row otherwise may have written it since.
    const isOver = (note.done?.version ?? NO_VERSION) > outcome.version;
    if (!isOver) columns.set(column, { ...note, done: { text, result, version: outcome.version } });
  }
  if (outcome === undefined) return { ...record, columns };
  const { rowId, version, wrote } = outcome;
  if (wrote === undefined || record.version > version) return { ...record, rowId, columns };
  const rest = withoutGap(record);
  return { ...rest, rowId, version, columns, ...(wrote.overGap ? { hasGap: true } : {}) };
}

/** The record with what Dataverse gave a row by itself as the LOB system made it: the LOB system's first values, older than all others. */
export function withDefaults(
  record: InboundRecord,
  { version, results }: Omit<Outcome, 'rowId' | 'wrote'>,
): InboundRecord {
  const columns = new Map(record.columns);
  for (const [column, text] of results) {
    const note = columns.get(column) ?? { atMs: 0, text, maybe: NONE };
    if (note.done === undefined) columns.set(column, { ...note, done: { text, result: text, version } });
  }
  return { ...record, columns };
}

/** The record of another row that has got the key: nothing is known of what Dataverse has there. */
export const ofAnotherRow = (record: InboundRecord): InboundRecord => ({
  ...NO_RECORD,
  ids: record.ids,
  columns: new Map([...record.columns].map(([column, { atMs, text, maybe }]) => [column, { atMs, text, maybe }])),
});

/** The record with a message that was processed. */
export const withId = (record: InboundRecord, id: string | undefined): InboundRecord => ({
  ...record,
  ids: id === undefined ? record.ids : [...record.ids.filter((other) => other !== id), id].slice(-REMEMBERED),
});

/** The record after the LOB system has deleted the row. */
export const concludeDelete = ({ ids, deletedAtMs = 0 }: InboundRecord, atMs: number): InboundRecord => ({
  ...NO_RECORD,
  ids,
  deletedAtMs: Math.max(atMs, deletedAtMs),
});

/** Two records of one row, by its key and by its id: the later value of each column counts. */
export function merge(one: InboundRecord, other: InboundRecord): InboundRecord {
  const columns = new Map(one.columns);
  for (const [column, note] of other.columns) {
    const have = columns.get(column);
    const [early, late] = have === undefined || have.atMs <= note.atMs ? [have, note] : [note, have];
    const done =
      (early?.done?.version ?? NO_VERSION) > (late.done?.version ?? NO_VERSION)
        ? early?.done
        : (late.done ?? early?.done);
    const maybe = withSends(early?.maybe ?? NONE, late.maybe);
    columns.set(column, { atMs: late.atMs, text: late.text, maybe, ...(done === undefined ? {} : { done }) });
  }
  const { version, hasGap } = one.version > other.version ? one : other;
  const rest = withoutGap(one);
  return {
    ...rest,
    ids: [...new Set([...other.ids, ...one.ids])].slice(-REMEMBERED),
    version,
    ...(hasGap === undefined ? {} : { hasGap }),
    columns,
  };
}

const withoutGap = ({ ids, rowId, version, columns, deletedAtMs, restores }: InboundRecord): InboundRecord => ({
  ...{ ids, version, columns },
  ...(rowId === undefined ? {} : { rowId }),
  ...(deletedAtMs === undefined ? {} : { deletedAtMs }),
  ...(restores === undefined ? {} : { restores }),
});

/** The latest version of the row that is known from writing it, or from having found a value in it. */
export const latestVersion = ({ version, columns }: InboundRecord): RowVersion =>
  [...columns.values()].reduce(
    (latest, { done }) => (done !== undefined && done.version > latest ? done.version : latest),
    version,
  );

/** How a Dataverse value of a column relates to what the LOB system gave it. */
export function knows({ text, maybe, done }: ColumnNote, dataverse: string): boolean {
  return dataverse === text || dataverse === done?.result || mayBeSent({ maybe }, dataverse);
}

interface WireNote {
  readonly a: number;
  readonly t: string;
  readonly m?: readonly string[];
  readonly d?: readonly [text: string, result: string, version: string];
}

interface WireRecord {
  readonly ids: readonly string[];
  readonly row?: string;
  readonly v: string;
  readonly gap?: true;
  readonly c: Readonly<Record<string, WireNote>>;
  readonly gone?: number;
  readonly put?: readonly [since: number, count: number];
}

/** The record as one text: short names, since there is one for each row. */
export function encodeRecord({ ids, rowId, version, hasGap, columns, deletedAtMs, restores }: InboundRecord): string {
  const wire: WireRecord = {
    ids,
    ...(rowId === undefined ? {} : { row: rowId }),
    v: version.toString(),
    ...(hasGap === undefined ? {} : { gap: hasGap }),
    c: Object.fromEntries(
      [...columns].map(([column, { atMs, text, maybe, done }]) => [
        column,
        {
          a: atMs,
          t: text,
          ...(maybe.size === 0 ? {} : { m: [...maybe].map(([send, version]) => `${send}@${version}`) }),
          ...(done === undefined ? {} : { d: [done.text, done.result, done.version.toString()] as const }),
        },
      ]),
    ),
    ...(deletedAtMs === undefined ? {} : { gone: deletedAtMs }),
    ...(restores === undefined ? {} : { put: [restores.sinceMs, restores.count] }),
  };
  return JSON.stringify(wire);
}

function sendIn(text: string): Send {
  const [send = '', version = ''] = text.split('@');
  return [send, BigInt(version)];
}

/** Reads a record's text back. */
export function decodeRecord(text: string): InboundRecord {
  const { ids, row, v, gap, c, gone, put } = JSON.parse(text) as WireRecord;
  return {
    ids,
    ...(row === undefined ? {} : { rowId: row }),
    version: BigInt(v),
    ...(gap === undefined ? {} : { hasGap: gap }),
    columns: new Map(
      Object.entries(c).map(([column, { a, t, m = [], d }]): [string, ColumnNote] => [
        column,
        {
          atMs: a,
          text: t,
          maybe: new Map(m.map(sendIn)),
          ...(d === undefined ? {} : { done: { text: d[0], result: d[1], version: BigInt(d[2]) } }),
        },
      ]),
    ),
    ...(gone === undefined ? {} : { deletedAtMs: gone }),
    ...(put === undefined ? {} : { restores: { sinceMs: put[0], count: put[1] } }),
  };
}

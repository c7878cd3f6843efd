/**
 * What to do about a change of the LOB system, from what is known: pure. Who dies, comes twice, late or at once with another is
 * decided like everyone else.
 */
import type { Instant } from '../change/instant';
import { NO_VERSION, type RowVersion } from '../change/row-version';
import type { OutboundError } from '../errors/errors';
import type { ColumnTimes } from '../lob/stamp';
import type { InboundRules } from '../mapping/inbound-rules';
import { InboundDependency, InboundNotMapped, InboundVersionGone, type Place } from './errors';
import {
  isQuiet,
  isQuietOnceRead,
  isSuperseded,
  latestVersion,
  mayBeSent,
  type ColumnNote,
  type InboundRecord,
} from './record';

/** What becomes of a row, without its columns. `restore` puts back values of the LOB system's own columns. */
export interface LobChange {
  /** Of the message; undefined for `restore`. */
  readonly id: string | undefined;
  readonly table: string;
  readonly op: 'upsert' | 'update' | 'delete' | 'restore';
  readonly atMs: number;
  readonly ifVersion?: RowVersion;
  /** Texts of the values by logical name. */
  readonly texts: ReadonlyMap<string, string>;
  /** Columns of the message that Dataverse owns, and that are left out. */
  readonly refused: readonly string[];
}

/** What our store says of the row: Dataverse as it is known here. */
export interface StoredFacts {
  readonly version: RowVersion;
  /** Pushes were merged over that version, so that it is surely no longer the row's. */
  readonly hasPushOnTop: boolean;
  readonly deleted: boolean;
  readonly latestKnown: Instant;
  readonly times?: ColumnTimes | undefined;
  /** Whether a column has a value; undefined where that can't be said. */
  readonly holds: (column: string, text: string) => boolean | undefined;
}

/** The row as Dataverse has it. */
export interface CurrentRow {
  readonly kind: 'row';
  readonly id: string;
  readonly version: RowVersion;
  readonly modifiedOn: Instant;
  /** Texts of the columns that were asked for. */
  readonly texts: ReadonlyMap<string, string>;
}

export type Current = CurrentRow | { readonly kind: 'missing' };

/** A value that lost, told in a log: by column, never with the value. */
export interface Lost {
  readonly column: string;
  /** Whose value was given up. */
  readonly loser: 'lob' | 'dataverse';
  /** The other side owns the column, changed it later, or deleted the row. */
  readonly why: 'owner' | 'later' | 'deleted';
}

/** How a change ended. */
export const INBOUND_VERDICTS = [
  ...(['created', 'updated', 'deleted', 'unchanged'] as const),
  /** The LOB system has said something later about all of it. */
  'superseded',
  /** All of it lost. */
  'refused',
  'duplicate',
] as const;
export type InboundVerdict = (typeof INBOUND_VERDICTS)[number];

/** What comes next. `columns`: which of the values are sent. */
export type Step = { readonly lost: readonly Lost[] } & (
  | { readonly kind: 'done'; readonly verdict: Exclude<InboundVerdict, 'created' | 'updated'> }
  | { readonly kind: 'read' }
  | { readonly kind: 'create'; readonly columns: readonly string[] }
  | { readonly kind: 'update'; readonly condition: Condition; readonly columns: readonly string[] }
  | { readonly kind: 'delete'; readonly condition: Condition }
  | { readonly kind: 'refuse'; readonly error: OutboundError }
);

/** The version that the row must have; `any`: it must be there. */
export type Condition = RowVersion | 'any';

/** A value that is to be given, and when the LOB system gave it. */
export interface Wanted {
  readonly text: string;
  readonly atMs: number;
}

/** What is decided from. */
export interface Facts {
  readonly change: LobChange;
  /** As it was before the intent of this change was noted. */
  readonly record: InboundRecord;
  /** Undefined where nothing is stored, or the row's id isn't known. */
  readonly stored: StoredFacts | undefined;
  /** Undefined until it was read. */
  readonly current: Current | undefined;
  readonly rules: InboundRules;
  readonly optimistic: boolean;
}

/**
 * The values that are to be given. One that the LOB system has superseded isn't; but where it may have been written all the same
 * (its sender died, or was overtaken), the later value is given again. Nor is one that was given, whose message came again.
 */
export function wantedValues(
  { op, texts, atMs }: LobChange,
  record: InboundRecord,
  rules: InboundRules,
): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  if (op === 'restore') {
    for (const [column, note] of record.columns)
      if (rules.columns.get(column)?.owner === 'lob') wanted.set(column, note);
    return wanted;
  }
  for (const [column, text] of texts) {
    const note = record.columns.get(column);
    if (note?.atMs === atMs && note.done?.text === text && note.maybe.size === 0) continue;
    if (!isSuperseded(record, column, atMs)) wanted.set(column, { text, atMs });
    else if (note !== undefined && !isQuiet(note, note.text)) wanted.set(column, note);
  }
  return wanted;
}

/** Decides. */
export function decideInbound(facts: Facts): Step {
  const { change, record } = facts;
  if (change.id !== undefined && record.ids.includes(change.id)) return done('duplicate');
  // Written, or found later, by another instance since it was read.
  if (facts.current?.kind === 'row' && facts.current.version < latestVersion(record)) return READ;
  return change.op === 'delete' ? decideDelete(facts) : decideValues(facts);
}

const NONE: readonly Lost[] = [];
const done = (verdict: Extract<Step, { kind: 'done' }>['verdict'], lost = NONE): Step => ({
  kind: 'done',
  verdict,
  lost,
});
const READ: Step = { kind: 'read', lost: NONE };
const refuse = (error: OutboundError): Step => ({ kind: 'refuse', error, lost: NONE });

const placeOf = ({ table, id }: LobChange): Place => ({ table, id });

/** Whether the LOB system's change is later. Dataverse keeps whole seconds; in the same one Dataverse's counts. */
const isLater = (atMs: number, instant: Instant): boolean => Math.floor(atMs / 1000) > instant;

/** The version that the row has as far as anyone here knows; undefined where it is surely another one, or none is known. */
export function knownVersion({ record, stored }: Pick<Facts, 'record' | 'stored'>): RowVersion | undefined {
  const live = stored?.deleted === false ? stored : undefined;
  if (record.version > (live?.version ?? NO_VERSION)) return record.hasGap === true ? undefined : record.version;
  return live === undefined || live.hasPushOnTop || live.version === NO_VERSION ? undefined : live.version;
}

/** Whether the row is known to have been there after everything that is known of its deletion. */
const wasThere = ({ record, stored }: Facts): boolean => record.version !== NO_VERSION || stored?.deleted === false;

function decideValues(facts: Facts): Step {
  const { change, record, rules, current } = facts;
  const wanted = wantedValues(change, record, rules);
  const owned = change.refused.map((column): Lost => ({ column, loser: 'lob', why: 'owner' }));
  if (wanted.size === 0) {
    if (change.texts.size > 0) return done('superseded', owned);
    if (owned.length > 0) return done('refused', owned);
    return isToBeMade(facts) ? { kind: 'create', columns: [], lost: [] } : done('unchanged');
  }
  if (current === undefined) return decideUnread(facts, wanted, owned);
  if (current.kind === 'missing') return decideMissing(facts, wanted, owned);
  if (change.ifVersion !== undefined && change.ifVersion !== current.version)
    return refuse(new InboundVersionGone(placeOf(change), change.ifVersion, current.version));
  // Others may have made another value be given since it was read.
  if ([...wanted.keys()].some((column) => !current.texts.has(column))) return READ;
  const lost = [...owned];
  const columns: string[] = [];
  const state = wanted.get('statecode');
  const givesState = state !== undefined && judge(facts, current, 'statecode', state) === 'send';
  for (const [column, value] of wanted) {
    // A state goes with its reason.
    const judged = givesState && column === 'statuscode' ? 'send' : judge(facts, current, column, value);
    if (judged === 'send') columns.push(column);
    else if (judged !== 'same') {
      lost.push({ column, loser: judged, why: 'later' });
      if (judged === 'dataverse') columns.push(column);
    }
  }
  if (columns.length === 0) return done(lost.some(({ why }) => why === 'later') ? 'refused' : 'unchanged', lost);
  if (!rules.allows.update && change.op !== 'restore')
    return refuse(new InboundNotMapped(placeOf(change), 'updates are not allowed'));
  return { kind: 'update', condition: facts.optimistic ? current.version : 'any', columns, lost };
}

/** Whether a message that only names a row makes it. */
function isToBeMade(facts: Facts): boolean {
  const { change, record, stored, rules, current } = facts;
  const mayCreate = change.op === 'upsert' && rules.allows.create && change.ifVersion === undefined;
  if (!mayCreate || current?.kind === 'row' || change.atMs < (record.deletedAtMs ?? 0)) return false;
  return stored?.deleted === true ? isLater(change.atMs, stored.latestKnown) : !wasThere(facts);
}

/** Whose value a column gets, with the row at hand; `dataverse`, `lob`: that one's is given up for the other's. */
function judge(
  facts: Facts,
  current: CurrentRow,
  column: string,
  { text, atMs }: Wanted,
): 'same' | 'send' | Lost['loser'] {
  const { change, record, stored, rules } = facts;
  const now = current.texts.get(column);
  const note = record.columns.get(column);
  if (now === text || (now !== undefined && note?.done?.text === text && note.done.result === now)) return 'same';
  // Whoever names the version has seen the row.
  const isSeen = change.ifVersion !== undefined;
  if (now === undefined || isSeen || rules.columns.get(column)?.owner === 'lob') return 'send';
  const isOwn = now === note?.done?.result || (note !== undefined && mayBeSent(note, now));
  // Of a row that nobody here knew such a column has never been given a value.
  const isUntouched = now === textUngiven(column) && stored === undefined && note?.done === undefined;
  if (isOwn || isUntouched) return 'send';
  if (stored?.holds(column, now) === true && !isBeforeOurs(stored, note))
    return isOvertaken(facts, column, atMs) ? 'lob' : 'send';
  return isLater(atMs, current.modifiedOn) ? 'dataverse' : 'lob';
}

/** What a column has that nobody gave a value: a row is made active. */
const textUngiven = (column: string): string => (column === 'statecode' ? '0' : 'null');

/** Whether what is stored is from before our own last write of a column: its value may have gone, and come again unseen. */
const isBeforeOurs = (stored: StoredFacts, note: ColumnNote | undefined): boolean =>
  !stored.hasPushOnTop && (note?.done?.version ?? NO_VERSION) > stored.version;

/** Whether others are known to have given a column that nobody owns the value that is stored, and that no earlier. */
function isOvertaken({ record, stored, rules }: Facts, column: string, atMs: number): boolean {
  if (stored === undefined || rules.columns.get(column)?.owner !== undefined) return false;
  const { times, holds } = stored;
  const { done } = record.columns.get(column) ?? {};
  // A column that has no time of its own was never given a value; unless the LOB system gave it one, which has gone.
  const isUntouched = done === undefined && holds(column, textUngiven(column)) !== false;
  const givenOn = times?.columns.get(column) ?? (isUntouched ? undefined : times?.first);
  if (givenOn === undefined || isLater(atMs, givenOn)) return false;
  return done === undefined || holds(column, done.result) !== true;
}

/**
 * The columns that a row is made with. It is made active, so another state comes by an update, together with its reason.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/account (statecode: not valid for create)
 */
function columnsToMake(wanted: ReadonlyMap<string, Wanted>): readonly string[] {
  const columns = [...wanted.keys()];
  const state = wanted.get('statecode')?.text;
  if (state === undefined) return columns;
  return columns.filter(
    (name) => name !== 'statecode' && (name !== 'statuscode' || state === textUngiven('statecode')),
  );
}

/** Before the row was read. */
function decideUnread(facts: Facts, wanted: ReadonlyMap<string, Wanted>, lost: readonly Lost[]): Step {
  const { change, record, stored, rules, optimistic } = facts;
  if (change.op === 'restore') return READ;
  if (!wasThere(facts)) {
    if (stored?.deleted === true) return decideMissing(facts, wanted, lost);
    const creates = change.op === 'upsert' && rules.allows.create && change.ifVersion === undefined;
    return creates ? { kind: 'create', columns: columnsToMake(wanted), lost } : READ;
  }
  const columns: string[] = [];
  for (const [column, { text, atMs }] of wanted) {
    const note = record.columns.get(column);
    const same = holdsAlready(stored, note, column, text);
    if (same === undefined) return READ;
    if (same) continue;
    if (change.ifVersion === undefined && isOvertaken(facts, column, atMs)) return READ;
    columns.push(column);
  }
  if (columns.length === 0) return done('unchanged', lost);
  if (!rules.allows.update) return refuse(new InboundNotMapped(placeOf(change), 'updates are not allowed'));
  const version = change.ifVersion ?? knownVersion(facts);
  return version === undefined || !optimistic ? READ : { kind: 'update', condition: version, columns, lost };
}

/** Whether Dataverse has the value already, as far as it is known here; undefined where only Dataverse can say. */
function holdsAlready(
  stored: StoredFacts | undefined,
  note: ColumnNote | undefined,
  column: string,
  text: string,
): boolean | undefined {
  if (note !== undefined && !isQuiet(note, text)) return isQuietOnceRead(note, text) ? undefined : false;
  const last = note?.done;
  const wasDone = last !== undefined && (last.text === text || last.result === text);
  const has = stored?.holds(column, text);
  const holds = has === true || !wasDone ? has : stored?.holds(column, last.result);
  // What is stored may be older than our own last write of the column.
  const lags = (last?.version ?? NO_VERSION) > (stored?.version ?? NO_VERSION);
  if (!lags) return holds ?? (wasDone ? undefined : false);
  if (!wasDone || holds === true) return wasDone;
  return stored === undefined || (!stored.hasPushOnTop && !stored.deleted) ? true : undefined;
}

/** The row isn't there, as Dataverse or our store says. */
function decideMissing(facts: Facts, wanted: ReadonlyMap<string, Wanted>, lost: readonly Lost[]): Step {
  const { change, stored, rules, current } = facts;
  if (change.op === 'restore') return done('unchanged');
  if (change.ifVersion !== undefined)
    return refuse(new InboundVersionGone(placeOf(change), change.ifVersion, undefined));
  const isDeleted = stored?.deleted === true;
  if (isDeleted) {
    const last = Math.max(...[...wanted.values()].map(({ atMs }) => atMs));
    if (!isLater(last, stored.latestKnown))
      return done('refused', [
        ...lost,
        ...[...wanted.keys()].map((column): Lost => ({ column, loser: 'lob', why: 'deleted' })),
      ]);
  }
  const mayCreate = change.op === 'upsert' && (isDeleted || !wasThere(facts));
  if (mayCreate && rules.allows.create) return { kind: 'create', columns: columnsToMake(wanted), lost };
  if (current === undefined) return READ;
  return refuse(
    mayCreate
      ? new InboundNotMapped(placeOf(change), 'the row is not there, and creating rows is not allowed')
      : new InboundDependency(placeOf(change), 'the row is not there.'),
  );
}

function decideDelete(facts: Facts): Step {
  const { change, record, stored, rules, current, optimistic } = facts;
  const { atMs, ifVersion } = change;
  const latestKnown = stored?.latestKnown ?? -Infinity;
  const isLate =
    (record.deletedAtMs ?? -Infinity) >= atMs || [...record.columns.values()].some((note) => note.atMs > atMs);
  if (isLate) return done('superseded');
  if (!rules.allows.delete) return refuse(new InboundNotMapped(placeOf(change), 'deleting rows is not allowed'));
  if (current === undefined) {
    const version = ifVersion ?? knownVersion(facts);
    const isLast = ifVersion !== undefined || isLater(atMs, latestKnown) || isOwnLast(facts, version);
    return version === undefined || !optimistic || !isLast ? READ : { kind: 'delete', condition: version, lost: NONE };
  }
  if (current.kind === 'missing') return done('deleted');
  if (ifVersion !== undefined && ifVersion !== current.version)
    return refuse(new InboundVersionGone(placeOf(change), ifVersion, current.version));
  const condition = optimistic ? current.version : 'any';
  if (ifVersion !== undefined || isOwnLast(facts, current.version)) return { kind: 'delete', condition, lost: NONE };
  if (!isLater(atMs, current.modifiedOn)) return done('refused', [{ column: '', loser: 'lob', why: 'later' }]);
  const isKnown = current.version === knownVersion(facts) || current.modifiedOn <= latestKnown;
  return { kind: 'delete', condition, lost: isKnown ? NONE : [{ column: '', loser: 'dataverse', why: 'later' }] };
}

/** Whether a version is that of our own last write, and nobody is known to have changed anything later than the message before that. */
function isOwnLast(facts: Facts, version: RowVersion | undefined): boolean {
  const { change, record, rules } = facts;
  if (version !== record.version || record.hasGap === true) return false;
  return rules.unowned.every((column) => !isOvertaken(facts, column, change.atMs));
}

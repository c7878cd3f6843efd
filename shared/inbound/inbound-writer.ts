import type { RowAddress } from '../change/row-change';
import { NO_VERSION, type RowVersion } from '../change/row-version';
import type { Value } from '../change/value';
import type { LobStore, RowColumns, StoredRow } from '../lob/store';
import type { InboundRules } from '../mapping/inbound-rules';
import type { Log } from '../telemetry/log';
import { RowContended } from '../writer/writer';
import { batched } from '../lob/batcher';
import {
  decideInbound,
  knownVersion,
  wantedValues,
  type Current,
  type CurrentRow,
  type Facts,
  type InboundVerdict,
  type LobChange,
  type Lost,
  type Step,
  type StoredFacts,
  type Wanted,
} from './decide';
import { InboundDependency, InboundKeyMoved, InboundRefused, OwnerContested } from './errors';
import { recordOfKey, recordOfRow, type InboundRecords, type KeptRecord } from './inbound-records';
import type { InboundRows, RowAction, RowAnswer, RowName, RowRequest } from './inbound-rows';
import type { InboundTable } from './inbound-table';
import { lobValueIn, textOfKey } from './lob-value';
import {
  conclude,
  concludeDelete,
  intend,
  latestVersion,
  ofAnotherRow,
  ROW_MISSING,
  sendOf,
  withDefaults,
  withId,
  type Given,
  type InboundRecord,
  type Outcome,
} from './record';

/** A change, and the row that it is of. */
export interface RowOfChange {
  readonly change: LobChange;
  readonly table: InboundTable;
  readonly row: RowName;
}

/** How a change ended. */
export type InboundResult =
  | { readonly kind: 'processed'; readonly verdict: InboundVerdict; readonly rowId: string | undefined }
  | { readonly kind: 'failed'; readonly error: unknown };

/** What the writer works with. */
export interface InboundWriterParts {
  readonly records: InboundRecords;
  readonly rows: InboundRows;
  /** Dataverse as it is known here. */
  readonly store: Pick<LobStore, 'read' | 'compare' | 'lobHas'>;
  readonly log: Log;
  /** Now, in milliseconds since 1970: for bounding how often values are put back. */
  readonly now: () => number;
  /** Calls back once those who were called back before have gone on: what they ask for goes together. */
  readonly defer: (then: () => void) => void;
  /** Another rule than the right one: only to show that the simulation finds it out. @default decideInbound */
  readonly decide?: typeof decideInbound;
}

/** Rounds of deciding again: each because somebody else has changed the row or its record. */
const MAX_ROUNDS = 20;

/** Values of the LOB system are put back so often within an hour; then it is left to an operator. */
const MAX_RESTORES = 5;
const RESTORES_MS = 3_600_000;

/** What is known of a row, and what has been done to it by the change, from one round to the next. */
interface Progress {
  readonly current: Current | undefined;
  readonly written?: { readonly verdict: 'created' | 'updated'; readonly rowId: string };
}

/** One delivery of a message, over its rounds. */
interface Attempt {
  /** What of its losses was told, each once. */
  readonly told: Set<string>;
  /** What it has noted that it would send (`sendOf`), which no earlier attempt had. */
  readonly noted: Set<string>;
}

/** A record with what is about to be sent, and what of that this attempt has noted (`Attempt`). */
interface Intended extends KeptRecord {
  readonly noted: ReadonlySet<string>;
}

/** A row as Dataverse or our store showed it. */
type SeenRow = Pick<CurrentRow, 'id' | 'version' | 'texts'>;

type Round =
  | { readonly kind: 'ended'; readonly verdict: InboundVerdict; readonly rowId: string | undefined }
  | ({ readonly kind: 'again' } & Progress);

/**
 * Writes what the LOB system changed to Dataverse. Before it does, it notes the intent, and after it, what Dataverse made of it;
 * both with compare-and-swap. So any number of instances may work on one row, and any of them may die at any time.
 *
 * Changes of one row go one after the other; those of several rows together.
 */
export class InboundWriter {
  /** The end of what goes before, by row. */
  readonly #lanes = new Map<string, Promise<unknown>>();
  readonly #send: (request: RowRequest) => Promise<RowAnswer>;
  readonly #stored: (row: RowAddress) => Promise<StoredRow | undefined>;
  readonly #decide: typeof decideInbound;

  constructor(private readonly parts: InboundWriterParts) {
    const { rows, store, defer } = parts;
    this.#send = batched((requests) => rows.send(requests), defer);
    this.#stored = batched((addresses) => store.read(addresses), defer);
    this.#decide = parts.decide ?? decideInbound;
  }

  /** Writes changes, each on its own merits; never rejects. */
  process(changes: readonly RowOfChange[]): Promise<readonly InboundResult[]> {
    return Promise.all(
      changes.map((of) => {
        const lane = recordIdOf(of);
        const result = (this.#lanes.get(lane) ?? Promise.resolve()).then(() => this.#processOne(of, lane));
        this.#lanes.set(lane, result);
        return result.finally(() => {
          if (this.#lanes.get(lane) === result) this.#lanes.delete(lane);
        });
      }),
    );
  }

  async #processOne(of: RowOfChange, recordId: string): Promise<InboundResult> {
    try {
      let progress: Progress = { current: undefined };
      const attempt: Attempt = { told: new Set(), noted: new Set() };
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const next = await this.#round(of, recordId, progress, attempt);
        if (next.kind === 'ended') {
          const { verdict, rowId } = progress.written ?? next;
          return { kind: 'processed', verdict, rowId };
        }
        progress = { ...progress, ...next };
      }
      throw new RowContended({ table: of.change.table, id: of.row.id ?? 'by key' }, MAX_ROUNDS);
    } catch (error) {
      return { kind: 'failed', error };
    }
  }

  async #round(of: RowOfChange, recordId: string, { current, written }: Progress, attempt: Attempt): Promise<Round> {
    const { change, table } = of;
    const before = await this.#recordOf(of, recordId, current, written?.rowId);
    if (before === undefined) return { kind: 'again', current };
    const { record } = before;
    const rowId = of.row.id ?? (current?.kind === 'row' ? current.id : record.rowId);
    const wanted = wantedValues(change, record, table.rules);
    const intended = await this.#intend(change, before, wanted, record.version, attempt);
    if (intended === undefined) return { kind: 'again', current };
    // After the intent was noted: whoever stores another value of these columns from now on finds the note.
    const stored = rowId === undefined ? undefined : await this.#factsOf({ table: change.table, id: rowId }, table);
    const facts: Facts = { change, record, stored, current, rules: table.rules, optimistic: table.optimistic };
    const step = this.#decide(facts);
    const losesToLater = step.lost.some(({ loser, why }) => loser === 'lob' && why === 'later');
    // What seems to be of others may have been given by a message that went ahead meanwhile.
    if (losesToLater && !(await this.parts.records.isLatest(intended))) return { kind: 'again', current };
    // Before it is given up: who comes after a lost answer, or after whoever died, finds nothing that was lost.
    this.#tell(facts, step.lost, rowId, attempt.told);
    const name: RowName =
      of.row.key === undefined ? of.row : { key: of.row.key, ...(rowId === undefined ? {} : { id: rowId }) };
    switch (step.kind) {
      case 'refuse':
        throw step.error;
      case 'done':
        return this.#done(step, facts, intended, rowId, wanted);
      case 'read':
        return { kind: 'again', current: await this.#read(of, name, wanted) };
      case 'create':
      case 'update':
      case 'delete': {
        const condition = step.kind === 'create' ? ROW_MISSING : step.condition;
        const version = condition === 'any' ? NO_VERSION : condition;
        const ready = await this.#intend(change, intended, wanted, version, attempt);
        return ready === undefined ? { kind: 'again', current } : this.#write(of, step, facts, name, ready, wanted);
      }
      default:
        return step satisfies never;
    }
  }

  /**
   * The record, with what was noted under the row's id as soon as that is known: messages may name the row by either. Undefined
   * where somebody else has written it.
   *
   * @param written the id of the row that this change was written to: surely the one that the key names
   */
  async #recordOf(
    { change, row }: RowOfChange,
    recordId: string,
    current: Current | undefined,
    written: string | undefined,
  ): Promise<KeptRecord | undefined> {
    const kept = await this.parts.records.read(recordId, row.key === undefined ? row.id : undefined);
    const { rowId } = kept.record;
    // What was read before our last write may be another row, which had the key until then: it is read again.
    if (current?.kind !== 'row' || current.version < latestVersion(kept.record)) return kept;
    const isNext = rowId !== undefined && rowId !== current.id;
    if (isNext && written !== current.id) await this.#checkGone(change, rowId, current.id);
    const record = isNext ? ofAnotherRow(kept.record) : kept.record;
    const linked = await this.parts.records.link({ ...kept, record }, change.table, current.id);
    return linked && { ...linked, record: { ...linked.record, rowId: current.id } };
  }

  /** A key may have come to another row, since its own was deleted. @throws InboundKeyMoved where its own is still there */
  async #checkGone(change: LobChange, before: string, now: string): Promise<void> {
    const stored = await this.#stored({ table: change.table, id: before });
    if (stored?.stamp.deleted === false) throw new InboundKeyMoved(change, before, now);
  }

  /** Undefined where somebody else has written the record. */
  async #intend(
    { id, op }: LobChange,
    before: KeptRecord,
    wanted: ReadonlyMap<string, Wanted>,
    version: RowVersion,
    { noted }: Attempt,
  ): Promise<Intended | undefined> {
    // A second delivery gives nothing.
    if (op === 'delete' || (id !== undefined && before.record.ids.includes(id))) return { ...before, noted };
    let record: InboundRecord = before.record;
    for (const given of givenOf(wanted, id)) {
      record = intend(record, given, version);
      for (const [column, text] of given.texts) {
        const send = sendOf(text, given.by);
        if (before.record.columns.get(column)?.maybe.has(send) !== true) noted.add(send);
      }
    }
    if (record === before.record) return { ...before, noted };
    const written = await this.parts.records.write(before, record);
    return written && { ...written, noted };
  }

  /** What our store says of the row. */
  async #factsOf(row: RowAddress, table: InboundTable): Promise<StoredFacts | undefined> {
    const { store } = this.parts;
    const stored = await this.#stored(row);
    if (stored === undefined) return undefined;
    const { version, hasPushOnTop, deleted, latestKnown, times } = stored.stamp;
    return {
      ...{ version, hasPushOnTop, deleted, latestKnown, times },
      holds: (column, text) => {
        const value = plainValueIn(text, column, table);
        if (value === undefined || deleted) return undefined;
        const told = formsOf(value).map((form) => {
          const asked: RowColumns = { row, columns: new Map([[column, form]]) };
          return store.compare(stored, asked).get(column);
        });
        return told.includes(true) ? true : told[0];
      },
    };
  }

  async #read({ change, table }: RowOfChange, row: RowName, wanted: ReadonlyMap<string, Wanted>): Promise<Current> {
    const answer = await this.#ask(table, row, change.id, { kind: 'read', columns: [...wanted.keys()] });
    switch (answer.kind) {
      case 'row':
        return answer;
      case 'missing':
        return { kind: 'missing' };
      case 'failed':
        throw answer.error;
      case 'deleted':
      case 'stale':
      case 'taken':
        throw new Error(`A read of ${change.table} was answered ${answer.kind}.`);
      default:
        return answer satisfies never;
    }
  }

  #ask(table: InboundTable, row: RowName, id: string | undefined, action: RowAction): Promise<RowAnswer> {
    return this.#send({ table, row, id, action });
  }

  async #write(
    of: RowOfChange,
    step: Extract<Step, { readonly kind: 'create' | 'update' | 'delete' }>,
    facts: Facts,
    row: RowName,
    intended: Intended,
    wanted: ReadonlyMap<string, Wanted>,
  ): Promise<Round> {
    const { change, table } = of;
    const restores = change.op === 'restore' ? this.#countedRestore(change, intended.record, step, row) : undefined;
    const answer = await this.#ask(table, row, change.id, actionOf(step, wanted, table.rules));
    switch (answer.kind) {
      case 'row': {
        await this.#tellStore(of, answer, wanted);
        const record = restores === undefined ? intended.record : { ...intended.record, restores };
        const verdict = step.kind === 'create' ? 'created' : 'updated';
        const columns = step.kind === 'delete' ? [] : step.columns;
        // A row is made without what only an update can give it, which is the next round.
        const isPart = step.kind === 'create' && columns.length < wanted.size;
        const ending = isPart ? new Map([...wanted].filter(([column]) => columns.includes(column))) : wanted;
        const written = { verdict, rowId: answer.id } as const;
        const wrote = {
          overGap: step.kind === 'update' && step.condition !== knownVersion(facts),
          ends: table.optimistic,
          columns,
          isPart,
        };
        const kept = step.kind === 'create' ? withDefaults(record, defaultsIn(answer, ending)) : record;
        const isDone = await this.#conclude(change, { ...intended, record: kept }, ending, answer, wrote);
        // Or somebody has noted something meanwhile: what was written may have to be written over.
        return isDone && !isPart
          ? { kind: 'ended', verdict, rowId: answer.id }
          : { kind: 'again', current: answer, written };
      }
      case 'deleted':
        return this.#concludeDelete(change, intended, row.id);
      case 'missing': {
        if (step.kind === 'create') throw new InboundDependency(change, answer.what);
        const current = await this.#read(of, row, wanted);
        // The row is there, so it is one that a lookup names.
        if (current.kind === 'row' && step.kind === 'update') throw new InboundDependency(change, answer.what);
        return { kind: 'again', current };
      }
      case 'taken': {
        const current = step.kind === 'create' ? await this.#read(of, row, wanted) : undefined;
        if (current?.kind !== 'row') throw new InboundRefused(change, '', answer.what);
        return { kind: 'again', current };
      }
      case 'stale':
        return { kind: 'again', current: await this.#read(of, row, wanted) };
      case 'failed':
        throw answer.error;
      default:
        return answer satisfies never;
    }
  }

  /** Tells our store that the LOB system has the values that Dataverse has now, as far as they are the same. */
  async #tellStore(
    { change, table }: RowOfChange,
    { id, texts }: CurrentRow,
    wanted: ReadonlyMap<string, Wanted>,
  ): Promise<void> {
    const { store } = this.parts;
    if (store.lobHas === undefined) return;
    const same = [...wanted].filter(([column, { text }]) => texts.get(column) === text);
    const values = same.flatMap(([column, { text }]) => {
      const value = plainValueIn(text, column, table);
      return value === undefined ? [] : [[column, value] as const];
    });
    const sinceMs = Math.min(...same.map(([, { atMs }]) => atMs));
    await store.lobHas({ row: { table: change.table, id }, columns: new Map(values) }, sinceMs);
  }

  /** Without a request, or after a read that showed that there is nothing to do. */
  async #done(
    { verdict }: Extract<Step, { readonly kind: 'done' }>,
    facts: Facts,
    intended: Intended,
    rowId: string | undefined,
    wanted: ReadonlyMap<string, Wanted>,
  ): Promise<Round> {
    const { change, current } = facts;
    const ended: Round = { kind: 'ended', verdict, rowId };
    if (verdict === 'duplicate' || change.op === 'restore') return ended;
    if (verdict === 'deleted') return this.#concludeDelete(change, intended, rowId);
    const row = current?.kind === 'row' ? current : rowInStore(facts, rowId, wanted);
    return (await this.#conclude(change, intended, wanted, row)) ? ended : { kind: 'again', current };
  }

  async #concludeDelete({ id, atMs }: LobChange, intended: KeptRecord, rowId: string | undefined): Promise<Round> {
    const written = await this.parts.records.write(intended, withId(concludeDelete(intended.record, atMs), id));
    return written === undefined
      ? { kind: 'again', current: { kind: 'missing' } }
      : { kind: 'ended', verdict: 'deleted', rowId };
  }

  /** Whether the record was written as it was; false where somebody has written it since. */
  async #conclude(
    { id, table }: LobChange,
    intended: Intended,
    wanted: ReadonlyMap<string, Wanted>,
    row: SeenRow | undefined,
    wrote?: NonNullable<Outcome['wrote']> & { readonly columns: readonly string[]; readonly isPart: boolean },
  ): Promise<boolean> {
    const { records } = this.parts;
    const isLinked = row === undefined || intended.record.rowId === row.id;
    const kept = isLinked ? intended : await records.link(intended, table, row.id);
    if (kept === undefined) return false;
    let { record } = kept;
    const { version = NO_VERSION } = row ?? {};
    // What came with the link may be a later value, which was written over, or a write that came after this one.
    const isLast = (column: string): boolean => isLastIn(record, column, wanted.get(column)?.text ?? 'null', version);
    if (wrote?.columns.every(isLast) === false) return false;
    for (const given of givenOf(wanted, id)) {
      const results = new Map(
        [...given.texts].flatMap(([column, text]) => {
          const result = row?.texts.get(column);
          // What wasn't sent may be Dataverse's own value, which won.
          const isLob = result === text || wrote?.columns.includes(column) === true;
          return result === undefined || !isLob ? [] : [[column, result] as const];
        }),
      );
      const outcome = row && { rowId: row.id, version, results, ...(wrote === undefined ? {} : { wrote }) };
      record = conclude(record, given, outcome, intended.noted);
    }
    return (await records.write(kept, wrote?.isPart === true ? record : withId(record, id))) !== undefined;
  }

  #countedRestore(
    { table }: LobChange,
    { restores }: InboundRecord,
    step: Step,
    row: RowName,
  ): NonNullable<InboundRecord['restores']> {
    const now = this.parts.now();
    const isRecent = restores !== undefined && now - restores.sinceMs < RESTORES_MS;
    const { sinceMs, count } = isRecent ? restores : { sinceMs: now, count: 0 };
    const columns = step.kind === 'update' ? step.columns : [];
    if (count >= MAX_RESTORES) throw new OwnerContested(table, row.id ?? '', columns, count);
    return { sinceMs, count: count + 1 };
  }

  /** What is given up is told, once: its column and the versions, never the value. */
  #tell(
    { change: { table, id }, record, stored, current }: Facts,
    all: readonly Lost[],
    rowId: string | undefined,
    told: Set<string>,
  ): void {
    const lost = all.filter(({ column, loser, why }) => !told.has(`${column} ${loser} ${why}`));
    if (lost.length === 0) return;
    for (const { column, loser, why } of lost) told.add(`${column} ${loser} ${why}`);
    const version = current?.kind === 'row' ? current.version : undefined;
    this.parts.log('inboundLost', {
      ...{ table, row: rowId, message: id, lost },
      ...{ knownVersion: knownVersion({ record, stored })?.toString(), version: version?.toString() },
    });
  }
}

/** Whether a column has the LOB system's last value after a text was written in a version. */
function isLastIn({ columns }: InboundRecord, column: string, text: string, version: RowVersion): boolean {
  const note = columns.get(column);
  if (note === undefined) return true;
  const { done } = note;
  return note.text === (done !== undefined && done.version > version ? done.text : text);
}

/** The id of the record that a change is noted in. */
function recordIdOf({ change: { table }, row }: RowOfChange): string {
  return row.key === undefined ? recordOfRow(table, row.id) : recordOfKey(table, textOfKey(row.key));
}

/** What the store shows a row to have already, of what isn't known to have been written: whoever wrote it may have died before that was noted. */
function rowInStore(
  { record, stored }: Facts,
  id: string | undefined,
  wanted: ReadonlyMap<string, Wanted>,
): SeenRow | undefined {
  if (stored === undefined || id === undefined) return undefined;
  const unnoted = [...wanted].filter(
    ([column, { text }]) => record.columns.get(column)?.done?.text !== text && stored.holds(column, text) === true,
  );
  return { id, version: stored.version, texts: new Map(unnoted.map(([column, { text }]) => [column, text])) };
}

/** What a row that was made has besides what was given to it. */
const defaultsIn = ({ version, texts }: CurrentRow, wanted: ReadonlyMap<string, Wanted>) => ({
  version,
  results: new Map([...texts].filter(([column, text]) => text !== 'null' && !wanted.has(column))),
});

/** The values, together by when they were given; also where there are none. */
function givenOf(wanted: ReadonlyMap<string, Wanted>, by = 'restore'): readonly Given[] {
  if (wanted.size === 0) return [{ by, atMs: 0, texts: new Map() }];
  return [...Map.groupBy(wanted, ([, { atMs }]) => atMs)].map(([atMs, of]) => ({
    ...{ by, atMs },
    texts: new Map(of.map(([column, { text }]) => [column, text])),
  }));
}

function actionOf(
  step: Extract<Step, { readonly kind: 'create' | 'update' | 'delete' }>,
  wanted: ReadonlyMap<string, Wanted>,
  { unowned }: InboundRules,
): RowAction {
  if (step.kind === 'delete') return { kind: 'delete', condition: step.condition };
  const texts = new Map(step.columns.map((column) => [column, wanted.get(column)?.text ?? 'null']));
  const columns = [...wanted.keys()];
  return step.kind === 'create'
    ? { kind: 'create', texts, columns: [...new Set([...columns, ...unowned])] }
    : { kind: 'update', texts, columns, condition: step.condition };
}

/** https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/decimalattributemetadata (Precision) */
const MOST_DECIMALS = 10;

/** A value in each form that a store may hold it in: a decimal with as many zeros at its end as Dataverse gave it. */
function formsOf(value: Value): readonly Value[] {
  if (value?.kind !== 'decimal' && value?.kind !== 'money') return [value];
  const { kind, text } = value;
  const decimals = text.split('.')[1]?.length ?? 0;
  const zeros = Array.from({ length: Math.max(0, MOST_DECIMALS - decimals) }, (_, at) => '0'.repeat(at + 1));
  const point = decimals === 0 ? '.' : '';
  return [value, ...zeros.map((some): Value => ({ kind, text: text + point + some }))];
}

/** The value that a text means, unless it is a row named by its key. */
function plainValueIn(text: string, column: string, table: InboundTable): Value | undefined {
  const of = lobValueIn(text, column, table);
  return of.kind === 'value' ? of.value : undefined;
}

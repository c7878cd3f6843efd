/**
 * Judges what the store went through, from the outside: every write that it carried out against every state that
 * the row has had in Dataverse. It shares no code with the app and believes nothing that the app says.
 *
 * A reader must be able to explain what is seen of a row, column by column, by states of Dataverse that never go back.
 * For each column the observer keeps the earliest state that can explain it; a value that only an earlier state had has
 * gone back. A row that is deleted moves all its columns to that deletion, so that only a later restore explains a live
 * row after it.
 */
import type { SystemJob } from '../dataverse/events/system-jobs';
import type { Entity } from '../day/store-entities';
import type { History, State } from './history';
import { plainProperties, type StoreWrite } from './store-writes';

/** Something that must not be. Names columns, never their values. */
export interface Finding {
  readonly kind: 'resurrected' | 'goneBack' | 'lost';
  readonly table: string;
  readonly rowKey: string;
  readonly what: string;
}

/** What every row has besides its columns. */
const OWN = new Set(['PartitionKey', 'RowKey', 'Stamp', 'Deleted', 'Hidden']);

/** Watches the rows and links of the LOB store. */
export class Observer {
  readonly findings: Finding[] = [];
  /** Writes that were judged. */
  judged = 0;
  readonly #rows = new Map<string, SeenRow>();

  constructor(private readonly history: History) {}

  /** A write that was carried out, in the order in which they were. */
  saw({ table, rowKey, kind, properties, at: writtenAt }: StoreWrite): void {
    const states = this.history.of(table, rowKey, writtenAt);
    const seen = this.#seenOf(table, rowKey);
    this.judged += 1;
    const note = (found: Finding['kind'], what: string): void =>
      void this.findings.push({ kind: found, table, rowKey, what });

    const life = lifeOf(properties);
    const from = (begin: number): number => states.findIndex((state, index) => index >= begin && state.life === life);
    // That there never was such a row explains a tombstone only where no deletion does.
    const deleted = from(Math.max(seen.life, 1));
    const at = deleted < 0 ? from(seen.life) : deleted;
    if (at < 0) {
      const was = states.some((state) => state.life === life);
      if (life === 'live')
        note('resurrected', was ? 'live again though it was not restored' : 'live though it never was');
      else note('goneBack', `${life} again`);
      return;
    }
    if (life !== 'live') {
      endsAt(at, seen, states);
      return;
    }
    seen.life = at;
    const names =
      kind === 'merge'
        ? properties.keys()
        : new Set([...properties.keys(), ...states.flatMap((state) => [...state.properties.keys()])]);
    for (const name of names) {
      if (OWN.has(name)) continue;
      const value = properties.get(name);
      const explained = firstWith(states, name, value, seen.columns.get(name) ?? 0);
      if (explained !== undefined) seen.columns.set(name, explained);
      else {
        const was = firstWith(states, name, value, 0) !== undefined;
        note('goneBack', `property ${name} ${was ? 'has an earlier value again' : 'has a value that it never had'}`);
      }
    }
  }

  /**
   * From now on only a later restore explains a live row that an acknowledged delivery told the deletion of, whether or not
   * the store has a tombstone of it. To be asked when no such delivery is under way and nothing parked.
   *
   * @param jobs those that aren't finished may be under way
   */
  deletionsProcessed(jobs: readonly SystemJob[]): void {
    for (const { storeTable, rowKey, states, at } of this.#acknowledged(jobs)) {
      const seen = this.#seenOf(storeTable, rowKey);
      if (states[at]?.life === 'gone' && at > seen.life) endsAt(at, seen, states);
    }
  }

  /**
   * Whether what acknowledged deliveries told is in the store, or superseded there: each column that the event's commit
   * changed has its value or a later one. To be asked when nothing is under way and nothing parked.
   *
   * @param entities of a table of the store
   */
  async lost(
    jobs: readonly SystemJob[],
    entities: (storeTable: string) => Promise<readonly Entity[]>,
  ): Promise<readonly Finding[]> {
    const found: Finding[] = [];
    const stored = new Map<string, Map<string, Entity>>();
    for (const { storeTable, rowKey, states, at, message } of this.#acknowledged(jobs)) {
      let rows = stored.get(storeTable);
      if (rows === undefined) {
        rows = new Map((await entities(storeTable)).map((entity) => [String(entity.rowKey), entity]));
        stored.set(storeTable, rows);
      }
      const missing = missingOf(states, at, rows.get(rowKey));
      if (missing !== undefined)
        found.push({ kind: 'lost', table: storeTable, rowKey, what: `${message}: ${missing}` });
    }
    return found;
  }

  /** What acknowledged deliveries told: the states of the row, and the place among them of the one that the commit made. */
  *#acknowledged(jobs: readonly SystemJob[]) {
    for (const { status, table, rowId, version, message } of jobs) {
      const place = this.history.placeOf(table, rowId);
      if (status !== 'succeeded' || version === undefined || place === undefined) continue;
      const states = this.history.of(place.storeTable, place.rowKey);
      yield { ...place, message, states, at: states.findIndex((state) => state.version === version) };
    }
  }

  #seenOf(storeTable: string, rowKey: string): SeenRow {
    const place = `${storeTable} ${rowKey}`;
    const seen = this.#rows.get(place) ?? { life: 0, columns: new Map<string, number>() };
    this.#rows.set(place, seen);
    return seen;
  }
}

/** The earliest state that explains what is stored: of the row's life, and of each column. */
interface SeenRow {
  life: number;
  readonly columns: Map<string, number>;
}

/** The row ends with a state: nothing earlier explains any of it after that. */
function endsAt(at: number, seen: SeenRow, states: readonly State[]): void {
  seen.life = at;
  for (const state of states) for (const name of state.properties.keys()) seen.columns.set(name, at);
}

function lifeOf(properties: ReadonlyMap<string, unknown>): State['life'] {
  if (properties.get('Deleted') !== true) return 'live';
  return properties.get('Hidden') === true ? 'hidden' : 'gone';
}

/** The first state from one on in which the row has this value; an absent column is empty. */
function firstWith(states: readonly State[], name: string, value: unknown, from: number): number | undefined {
  for (let index = from; index < states.length; index += 1) {
    const state = states[index];
    if (state === undefined || state.life === 'gone') continue;
    const isAny = state.properties.has(name) && state.properties.get(name) === undefined;
    if (isAny || state.properties.get(name) === value) return index;
  }
  return undefined;
}

/** What of the commit at a place is neither stored nor superseded. */
function missingOf(states: readonly State[], at: number, entity: Entity | undefined): string | undefined {
  const [before, after] = [states[at - 1], states[at]];
  if (before === undefined || after === undefined) return undefined;
  if (entity === undefined)
    return states.some(({ life }, index) => index >= at && life !== 'live')
      ? undefined
      : 'nothing is stored of the row';
  const properties = plainProperties(entity);
  const life = lifeOf(properties);
  // A patch of a row that was hidden already says nothing of that: the delivery that did may be one that was never sent.
  const isUntold = life === 'live' && before.life === 'hidden' && after.life === 'hidden';
  if (!isUntold && !states.some((state, index) => index >= at && state.life === life)) return `the row is ${life}`;
  if (after.life !== 'live' || life !== 'live') return undefined;
  for (const name of new Set([...before.properties.keys(), ...after.properties.keys()])) {
    const [was, is] = [before.properties.get(name), after.properties.get(name)];
    if (was === is) continue;
    if (firstWith(states, name, properties.get(name), at) === undefined) return `property ${name} is not stored`;
  }
  return undefined;
}

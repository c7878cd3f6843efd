/** A writer of inbound changes on stores in memory, as its tests use it. */
import type { Columns, Value } from '../../shared/change/value';
import type { LobChange } from '../../shared/inbound/decide';
import { InboundRecords } from '../../shared/inbound/inbound-records';
import type { InboundTable } from '../../shared/inbound/inbound-table';
import { InboundWriter, type RowOfChange } from '../../shared/inbound/inbound-writer';
import { keyParts } from '../../shared/inbound/lob-value';
import type { Stamp } from '../../shared/lob/stamp';
import type { StoredRow } from '../../shared/lob/store';
import { stamp } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { SimulatedRows } from './simulated-rows';
import { inboundTable, PLAIN } from './tables';

export const textOf = ({ data }: StoredRow, name: string): string | undefined => {
  const value = (data as Columns).get(name);
  return value?.kind === 'string' ? value.value : undefined;
};

/** What several instances share. */
export interface Shared {
  readonly rows: SimulatedRows;
  readonly records: MemoryStore;
  readonly store: MemoryStore;
}

export const shared = (): Shared => ({
  rows: new SimulatedRows(),
  records: new MemoryStore(),
  store: new MemoryStore(),
});

export interface Stand extends Shared {
  readonly writer: InboundWriter;
  readonly inboundRecords: InboundRecords;
  readonly logged: Readonly<Record<string, unknown>>[];
  /** In milliseconds since 1970. */
  readonly clock: { now: number };
}

export function stand(of = shared()): Stand {
  const logged: Readonly<Record<string, unknown>>[] = [];
  const clock = { now: 0 };
  const inboundRecords = new InboundRecords(of.records, queueMicrotask, textOf);
  return {
    ...of,
    inboundRecords,
    logged,
    clock,
    writer: new InboundWriter({
      records: inboundRecords,
      rows: of.rows,
      store: of.store,
      log: (event, fields) => logged.push({ event, ...fields }),
      now: () => clock.now,
      defer: queueMicrotask,
    }),
  };
}

let ids = 0;

/** A message's change, by key unless an id is given. */
export function change(
  texts: Readonly<Record<string, string>>,
  of: Partial<LobChange> = {},
  row: string | { readonly id: string } = 'A-1',
  table: InboundTable = inboundTable(PLAIN),
): RowOfChange {
  return {
    table,
    row:
      typeof row === 'string' ? { key: keyParts(['new_lobid'], new Map([['new_lobid', row]]), table.definition) } : row,
    change: {
      ...{ id: `m${(ids += 1)}`, table: 'account', op: 'upsert', atMs: 2_000_000 + ids, refused: [] },
      texts: new Map(Object.entries(texts)),
      ...of,
    },
  };
}

const valueOf = (text: string): Value =>
  text === 'null' ? null : { kind: 'string', value: JSON.parse(text) as string };

/** Has our store hold a row as Dataverse has it now, or as `texts` says. */
export async function store(
  { store: of, rows }: Shared,
  id: string,
  stamped: Partial<Stamp> = {},
  texts?: Readonly<Record<string, string>>,
  values: Columns = new Map(),
): Promise<void> {
  const address = { table: 'account', id };
  const row = rows.rows.find((one) => one.id === id);
  const [expected] = await of.read([address]);
  const given = texts === undefined ? (row?.texts ?? new Map<string, string>()) : new Map(Object.entries(texts));
  const isDeleted = row === undefined;
  await of.write([
    {
      row: address,
      expected,
      stamp: stamp({ version: row?.version ?? 0n, latestKnown: rows.now, deleted: isDeleted, ...stamped }),
      effect: isDeleted ? 'clear' : 'snapshot',
      columns: new Map([...[...given].map(([name, text]) => [name, valueOf(text)] as const), ...values]),
    },
  ]);
}

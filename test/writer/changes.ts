/** Builds changes, stamps and reads for tests: every builder has plain defaults and takes only what matters to a case. */
import type { Instant } from '../../shared/change/instant';
import type {
  DeliveryKey,
  Evidence,
  RowAddress,
  RowDelete,
  RowPatch,
  RowSnapshot,
} from '../../shared/change/row-change';
import { NO_VERSION, type RowVersion } from '../../shared/change/row-version';
import type { Columns, Value } from '../../shared/change/value';
import type { Rule } from '../../shared/writer/decide';
import type { RowRead } from '../../shared/writer/read-back';
import { NO_STAMP, type Stamp } from '../../shared/lob/stamp';

/** The rule as deployed by default. */
export const RULE: Rule = { margin: 5, mode: 'default' };
export const STRICT: Rule = { margin: 5, mode: 'strict' };

/** The n-th row id; `partition` is the hexadecimal digit that it begins with. */
export const rowId = (n: number, partition = 'a'): string =>
  `${partition}${n.toString(16).padStart(7, '0')}-0000-4000-8000-00000000000a`;

export const row = (n = 1, table = 'account', partition = 'a'): RowAddress => ({ table, id: rowId(n, partition) });

/** Plain strings and numbers as columns; null is an empty column. */
export function columns(plain: Readonly<Record<string, string | number | null>>): Columns {
  const value = (of: string | number | null): Value =>
    of === null ? null : typeof of === 'string' ? { kind: 'string', value: of } : { kind: 'integer', value: of };
  return new Map(Object.entries(plain).map(([name, of]) => [name, value(of)]));
}

export const stamp = (of: Partial<Stamp> = {}): Stamp => ({ ...NO_STAMP, ...of });

interface EventParts {
  readonly row?: RowAddress;
  readonly key?: DeliveryKey;
  readonly at?: Instant;
  readonly isTrusted?: boolean;
  readonly columns?: Columns;
}

const origin = { source: 'test', message: 'Update' };

const eventEvidence = ({ key = 'k1', at = 1020, isTrusted = true }: EventParts): Evidence => ({
  kind: 'event',
  key,
  at,
  isTrusted,
});

/** A pushed, committed Update: only the changed columns. */
export const patch = (parts: EventParts = {}): RowPatch => ({
  kind: 'patch',
  row: parts.row ?? row(),
  columns: parts.columns ?? columns({ name: 'pushed' }),
  evidence: eventEvidence(parts),
  origin,
});

/** A pushed, committed change with its full post image. */
export const image = (parts: EventParts = {}): RowSnapshot => ({
  ...patch(parts),
  kind: 'snapshot',
  columns: parts.columns ?? columns({ name: 'image' }),
});

/** A pushed, committed Delete: OperationCreatedOn is all the time it has. */
export const eventDelete = (parts: EventParts = {}): RowDelete => ({
  kind: 'delete',
  row: parts.row ?? row(),
  evidence: eventEvidence({ isTrusted: false, ...parts }),
  origin,
});

/** An event of a synchronous step, which may roll back; with `atLeast` the notice of a flow. */
export const unconfirmed = ({
  atLeast,
  ...parts
}: EventParts & { readonly atLeast?: { readonly version: RowVersion; readonly at: Instant } } = {}): RowPatch => ({
  ...patch(parts),
  evidence: {
    kind: 'unconfirmed',
    key: parts.key ?? 'h1',
    ...(atLeast === undefined ? {} : { committed: true, atLeast }),
  },
});

interface PullParts {
  readonly row?: RowAddress;
  readonly version?: RowVersion;
  readonly modifiedOn?: Instant;
  readonly runBegin?: Instant;
  readonly end?: Instant;
  readonly leased?: boolean;
  readonly columns?: Columns;
}

const pullEvidence = (parts: PullParts): Evidence => ({
  kind: 'pull',
  version: parts.version ?? 200n,
  modifiedOn: parts.modifiedOn ?? 1005,
  runBegin: parts.runBegin ?? 1030,
  end: parts.end ?? 1040,
  holdsLease: () => parts.leased ?? true,
});

/** A row of a pulled page. */
export const pulledRow = (parts: PullParts = {}): RowSnapshot => ({
  kind: 'snapshot',
  row: parts.row ?? row(),
  columns: parts.columns ?? columns({ name: 'pulled' }),
  evidence: pullEvidence(parts),
  origin,
});

/** A deleted row of a delta, or a row that a full load no longer showed. */
export const pulledDelete = (parts: PullParts = {}): RowDelete => ({
  kind: 'delete',
  row: parts.row ?? row(),
  evidence: pullEvidence({ version: NO_VERSION, ...parts }),
  origin,
});

/** What a GET by id found. */
export const found = (
  version: RowVersion,
  of: Columns = columns({ name: 'read' }),
  { modifiedOn = 1020, begin = 1050, end = 1052 }: Partial<Record<'modifiedOn' | 'begin' | 'end', Instant>> = {},
): RowRead => ({ kind: 'found', version, columns: of, modifiedOn, begin, end });

/** A GET by id that found nothing. */
export const missing = (begin: Instant = 1050, end: Instant = 1052): RowRead => ({ kind: 'missing', begin, end });

import type { Entity } from '../day/store-entities';
import type { StoreAnswer, StoreRequest } from './store-proxy';

/** A property as the judge compares it: a date as milliseconds, an Int64 as a bigint. */
type Plain = string | number | boolean | bigint;

/** A write to one row of the LOB store that was carried out. */
export interface StoreWrite {
  /** As the store calls it. */
  readonly table: string;
  readonly rowKey: string;
  /** A merge leaves the properties that it doesn't have as they were. */
  readonly kind: 'whole' | 'merge';
  readonly properties: ReadonlyMap<string, unknown>;
  /** When it was carried out, in this machine's clock; absent where that is now. */
  readonly at?: number;
}

/** The properties of an entity as the judge compares them: a date as milliseconds. */
export const plainProperties = (entity: Entity): ReadonlyMap<string, unknown> =>
  new Map(Object.entries(entity).map(([name, value]) => [name, value instanceof Date ? value.getTime() : value]));

/** The writes of a request that was answered so; none where it failed, or is no write of entities. */
export function writesOf(request: StoreRequest, { status, body: answer }: StoreAnswer): StoreWrite[] {
  // All or nothing: one part that failed is all that is answered.
  if (status >= 300 || /^HTTP\/1\.1 [45]/m.test(answer.toString('utf8'))) return [];
  return writesIn(request);
}

/** The writes that a request asks for, in the LOB store; none where it is another one. */
export function writesIn({ service, method, path, body }: StoreRequest): StoreWrite[] {
  if (service !== 'table' || method === 'GET' || method === 'DELETE') return [];
  if (path !== '$batch') return [writeOf(method, path, body.toString('utf8'))].filter((write) => write !== undefined);
  return [...body.toString('utf8').matchAll(PART)].flatMap(([, verb = '', url = '', content = '']) => {
    const write = writeOf(verb, decodeURIComponent(new URL(url).pathname.split('/').slice(2).join('/')), content);
    return write === undefined ? [] : [write];
  });
}

/** One operation of a transaction: verb, address, and the entity as one line of JSON. */
const PART = /^(POST|PUT|PATCH|MERGE) (\S+) HTTP\/1\.1\r?\n(?:[^\r\n{][^\r\n]*\r?\n|\r?\n)*(\{[^\r\n]*\})/gm;

function writeOf(method: string, path: string, json: string): StoreWrite | undefined {
  const table = /^\w+/.exec(path)?.[0] ?? '';
  if (table === 'Tables' || table.startsWith('dvo')) return undefined;
  const entity = JSON.parse(json) as Record<string, unknown>;
  const named = /RowKey='([^']*)'/.exec(path)?.[1];
  return {
    table,
    rowKey: named ?? String(entity.RowKey),
    kind: method === 'PATCH' || method === 'MERGE' ? 'merge' : 'whole',
    properties: new Map(
      Object.entries(entity).flatMap(([name, value]) => {
        if (name.includes('@') || value === null) return [];
        return [[name, plain(value as Plain, entity[`${name}@odata.type`])] as const];
      }),
    ),
  };
}

function plain(value: Plain, type: unknown): Plain {
  if (type === 'Edm.DateTime') return Date.parse(String(value));
  if (type === 'Edm.Int64') return BigInt(value);
  return type === 'Edm.Double' ? Number(value) : value;
}

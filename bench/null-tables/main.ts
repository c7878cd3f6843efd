/**
 * The null table service as a process: tells its parent its port, fills tables as it is told to, says its CPU time when asked,
 * and ends with its parent.
 */
import type { AddressInfo } from 'node:net';
import { partitionOf } from '../../shared/lob/tables/layout';
import { idOf } from '../inputs/rows';
import { Entities, type Key } from './entities';
import { nullTables } from './server';

/** What its parent may ask for. */
export type Order =
  /** Copies the first row of a table, until it has so many. */
  | { readonly kind: 'fill'; readonly table: string; readonly rows: number }
  | { readonly kind: 'cpu' }
  | { readonly kind: 'latency'; readonly ms: number };

const entities = new Entities();
let latencyMs = 0;
const server = nullTables(entities, () => latencyMs);
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());

const keyOf = (n: number): Key => ({ partitionKey: partitionOf(idOf(n)), rowKey: idOf(n) });

function* othersOf(rows: number): Generator<Key> {
  for (let n = 1; n < rows; n += 1) yield keyOf(n);
}

process.on('message', (order: Order) => {
  if (order.kind === 'fill') entities.fill(order.table, keyOf(0), othersOf(order.rows));
  if (order.kind === 'latency') latencyMs = order.ms;
  const { user, system } = process.cpuUsage();
  process.send?.((user + system) / 1000);
});

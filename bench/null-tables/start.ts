import path from 'node:path';
import { once } from 'node:events';
import { startChild } from '../measure/child';
import type { Order } from './main';

/** A table service, as the SDK's clients and the app's settings find it. */
export interface TableService {
  readonly connectionString: string;
  readonly stop: () => Promise<void>;
}

/** The null table service. */
export interface NullTables extends TableService {
  /** Copies a table's row 0 until it has so many rows, by their ids in `inputs/rows`. */
  readonly fill: (table: string, rows: number) => Promise<void>;
  /** Lets each request wait before it is looked at; none does at first. */
  readonly answerAfter: (ms: number) => Promise<void>;
  /** CPU time of its process until now, in milliseconds. */
  readonly cpuMs: () => Promise<number>;
}

/** Of no value: nothing checks it. */
const KEY = Buffer.from('null').toString('base64');

/** Starts the null table service in a process of its own. */
export async function startNullTables(): Promise<NullTables> {
  const { said: port, process: child, stop } = await startChild<number>(path.join(__dirname, 'main.js'));
  const ask = async (order: Order): Promise<number> => {
    child.send(order);
    const [answer] = (await once(child, 'message')) as [number];
    return answer;
  };
  const endpoint = (service: string): string => `${service}Endpoint=http://127.0.0.1:${port}/null;`;
  return {
    connectionString: `DefaultEndpointsProtocol=http;AccountName=null;AccountKey=${KEY};${endpoint('Table')}${endpoint('Blob')}`,
    stop,
    fill: async (table, rows) => {
      await ask({ kind: 'fill', table, rows });
    },
    answerAfter: async (ms) => {
      await ask({ kind: 'latency', ms });
    },
    cpuMs: () => ask({ kind: 'cpu' }),
  };
}

import path from 'node:path';
import { startChild } from '../measure/child';

/** The null table service, as the SDK's clients and the app's settings find it. */
export interface NullTables {
  readonly connectionString: string;
  readonly stop: () => Promise<void>;
}

/** Of no value: nothing checks it. */
const KEY = Buffer.from('null').toString('base64');

/** Starts the null table service in a process of its own. */
export async function startNullTables(): Promise<NullTables> {
  const { said: port, stop } = await startChild<number>(path.join(__dirname, 'main.js'));
  const endpoint = (service: string): string => `${service}Endpoint=http://127.0.0.1:${port}/null;`;
  const account = `DefaultEndpointsProtocol=http;AccountName=null;AccountKey=${KEY};`;
  return { connectionString: `${account}${endpoint('Table')}${endpoint('Blob')}`, stop };
}

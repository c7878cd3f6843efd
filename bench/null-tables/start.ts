import { fork } from 'node:child_process';
import path from 'node:path';

/** A table service, as the SDK's clients and the app's settings find it. */
export interface TableService {
  readonly connectionString: string;
  stop(): Promise<void>;
}

/** Of no value: nothing checks it. */
const KEY = Buffer.from('null').toString('base64');

/** Starts the null table service in a process of its own. */
export async function startNullTables(): Promise<TableService> {
  const child = fork(path.join(__dirname, 'main.js'), { execArgv: [] });
  const port = await new Promise<unknown>((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`The null table service ended with code ${String(code)}.`)));
  });
  const endpoint = (service: string): string => `${service}Endpoint=http://127.0.0.1:${String(port)}/null;`;
  return {
    connectionString: `DefaultEndpointsProtocol=http;AccountName=null;AccountKey=${KEY};${endpoint('Table')}${endpoint('Blob')}`,
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit');
        child.once('exit', () => resolve());
        child.disconnect();
      }),
  };
}

import { fork } from 'node:child_process';
import path from 'node:path';
import type { Place } from '../inputs/stores';

/** A listener in its own process. */
export interface Listener {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the plain listener, which writes into a table of a place. */
export async function startListener(place: Place, table: string): Promise<Listener> {
  const child = fork(path.join(__dirname, 'main.js'), [place.connectionString, table], { execArgv: [] });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(String(message)));
    child.once('exit', (code) => reject(new Error(`The listener ended with code ${String(code)}.`)));
  });
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit');
        child.once('exit', () => resolve());
        child.disconnect();
      }),
  };
}

import { fork } from 'node:child_process';
import path from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** A source of pages; this process trusts its certificate. */
export interface PagedSource {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the source in a process of its own: so many rows for whoever doesn't say. */
export async function startPagedSource(rows: number): Promise<PagedSource> {
  const child = fork(path.join(__dirname, 'main.js'), {
    execArgv: [],
    env: { ...process.env, BENCH_ROWS: String(rows) },
  });
  const { url, certificate } = await new Promise<{ url: string; certificate: string }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { url: string; certificate: string }));
    child.once('exit', (code) => reject(new Error(`The source of pages ended with code ${String(code)}.`)));
  });
  setDefaultCACertificates([...getCACertificates('default'), certificate]);
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

import type { ChildProcess } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer to a post. */
export interface Answer {
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

/** Serves posts by node:http alone, in a process that tells its parent its address, then its CPU when asked, and ends with it. */
export function serve(answerTo: (body: Buffer, request: IncomingMessage) => Promise<Answer>): void {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answerTo(Buffer.concat(chunks), request).then(
        ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(body),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.((user + system) / 1000);
  });
  process.once('disconnect', () => process.exit());
}

/** CPU time of all threads of a process that serves, so far, in milliseconds. */
export function cpuMsOf(serving: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    serving.once('message', (cpuMs) => resolve(Number(cpuMs)));
    serving.send('CPU');
  });
}

/** What stands before the app on the internet: passes requests on, and now and then loses an answer. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What becomes of one request: it is passed on and its answer passed back, perhaps with another status; or nobody answers. */
export type Turn = 'pass' | 'hang' | number;

/** A running gateway. */
export interface Gateway {
  readonly url: string;
  /** What becomes of the next requests, in order; then all pass. */
  readonly turns: Turn[];
  /** The bodies of the requests that came. */
  readonly bodies: Buffer[];
  close(): Promise<void>;
}

/** Starts one before an address, which may become known later. */
export async function startGateway(target: () => string): Promise<Gateway> {
  const turns: Turn[] = [];
  const bodies: Buffer[] = [];
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const body = await buffer(request);
    bodies.push(body);
    const turn = turns.shift() ?? 'pass';
    if (turn === 'hang') return;
    const { method, url = '/', headers } = request;
    const passed = http.request(new URL(url, target()), { method, headers, agent: false }, (answered) => {
      response.writeHead(turn === 'pass' ? (answered.statusCode ?? 502) : turn, answered.headers);
      answered.pipe(response);
    });
    passed.on('error', () => response.writeHead(502).end());
    passed.end(body);
  };
  const server = http.createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    turns,
    bodies,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/**
 * A reference LOB system with a REST interface: what a receiver has to do so that the app's guarantees hold. It checks
 * signatures, takes a request twice without harm, and refuses what is older than what it has.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** A row, link or event as it was received. */
export interface Received {
  readonly version: number;
  /** Undefined once it was deleted: its version has to be remembered. */
  readonly columns: Readonly<Record<string, unknown>> | undefined;
  /** The whole body of an event. */
  readonly event?: unknown;
}

/** A request as it came. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly id: string;
  readonly version: number;
  /** Empty for none. */
  readonly body: string;
  readonly status: number;
}

/** What a test lets the next requests be answered with, before or after they are carried out. */
export interface Fault {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The request is carried out, and then answered so. */
  readonly carriesOut?: true;
  /** Of a bulk's body: the answer's. */
  readonly answers?: (body: string) => string;
}

/** A running receiver. */
export interface LobReceiver {
  readonly url: string;
  /** By path; of an event, by path and id. A GET shows those below its path. */
  readonly rows: ReadonlyMap<string, Received>;
  readonly seen: readonly SeenRequest[];
  /** Faults of the next requests, in order. `cut`: the connection is closed. */
  readonly faults: (Fault | 'cut')[];
  close(): Promise<void>;
}

interface Body {
  readonly op: 'snapshot' | 'patch' | 'event';
  readonly columns: Readonly<Record<string, unknown>>;
}

/** @param keys of which a request's signature must fit one; none: requests aren't signed */
export async function startLobReceiver(keys: readonly string[] = [], port = 0): Promise<LobReceiver> {
  const rows = new Map<string, Received>();
  const seen: SeenRequest[] = [];
  const faults: (Fault | 'cut')[] = [];
  const verifiers = keys.map((key) => new Webhook(key));
  const server: Server = createServer((request, response) => {
    void (async () => {
      const text = await textOf(request);
      const path = request.url ?? '';
      const method = request.method ?? '';
      const version = Number(request.headers['dvo-version'] ?? 0);
      const fault = faults.shift();
      if (method === 'GET') return void response.end(JSON.stringify([...rows].filter(([of]) => of.startsWith(path))));
      const carriesOut = fault === undefined || (fault !== 'cut' && fault.carriesOut === true);
      const isSigned = verifiers.length === 0 || verifiers.some((verifier) => fits(verifier, text, request));
      const id = String(request.headers['webhook-id']);
      const carryOut = (of: Incoming): number => (isSigned ? statusOf(rows, of) : 401);
      const isBulk = path.endsWith('/bulk');
      const answers = isBulk && isSigned && carriesOut ? bulkAnswers(text, seen, carryOut) : undefined;
      const own = isBulk || !carriesOut ? (isSigned ? 200 : 401) : carryOut({ id, path, method, version, text });
      const status = fault === undefined ? own : fault === 'cut' ? 0 : fault.status;
      seen.push({ method, path, version, body: text, status, id });
      if (fault === 'cut') return void request.socket.destroy();
      response
        .writeHead(status, fault?.headers ?? {})
        .end(fault?.answers?.(text) ?? fault?.body ?? (answers && JSON.stringify(answers)) ?? '');
    })();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rows,
    seen,
    faults,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Incoming {
  readonly id: string;
  readonly path: string;
  readonly method: string;
  readonly version: number;
  readonly text: string;
}

/** A request within a bulk. */
interface BulkItem {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly version: number;
  readonly body?: object;
}

/** Carries out each request of a bulk as if it came alone. */
function bulkAnswers(text: string, seen: SeenRequest[], carryOut: (of: Incoming) => number): readonly object[] {
  return (JSON.parse(text) as readonly BulkItem[]).map(({ id, method, url, version, body }) => {
    const incoming = { id, method, path: new URL(url).pathname, version, text: JSON.stringify(body) };
    const status = carryOut(incoming);
    seen.push({ ...incoming, body: body === undefined ? '' : incoming.text, status });
    return { id, status };
  });
}

/** Carries a request out; returns the status to answer. */
function statusOf(rows: Map<string, Received>, { id, path, method, version, text }: Incoming): number {
  const known = rows.get(path);
  // The same again changes nothing; what is older must not come back.
  if (known !== undefined && version < known.version) return 409;
  if (method === 'DELETE') {
    rows.set(path, { version, columns: undefined });
    return known?.columns === undefined ? 404 : 204;
  }
  const { op, columns } = JSON.parse(text) as Body;
  if (op === 'event') {
    const at = `${path}/${id}`;
    const isNew = !rows.has(at);
    if (isNew) rows.set(at, { version, columns, event: JSON.parse(text) });
    return isNew ? 201 : 200;
  }
  const before = op === 'patch' ? known?.columns : {};
  if (before === undefined) return 422;
  rows.set(path, { version, columns: withoutEmpty({ ...before, ...columns }) });
  return known?.columns === undefined ? 201 : 200;
}

const withoutEmpty = (columns: Body['columns']): Body['columns'] =>
  Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null));

function fits(verifier: Webhook, text: string, { headers }: IncomingMessage): boolean {
  try {
    verifier.verify(text, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

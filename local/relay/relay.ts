/**
 * A stand-in for Azure Relay's hybrid connections: senders by HTTP, listeners by a control channel, signatures checked. README.md
 * lists what it supports and lacks.
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';

/** What a key may do. */
export interface RelayRule {
  readonly key: string;
  readonly rights: readonly ('Listen' | 'Send')[];
}

/** A running relay. */
export interface Relay {
  /** `127.0.0.1:1234`: the namespace's host. */
  readonly host: string;
  /** Control channels that are open. */
  readonly listeners: number;
  /** Closes the control channels, as a fault of the service does. */
  drop(): void;
  close(): Promise<void>;
}

const CONTROL_BYTES = 64 * 1024;
/** https://learn.microsoft.com/azure/azure-relay/relay-hybrid-connections-protocol */
const ANSWER_MS = 60_000;

interface ResponseHead {
  readonly requestId: string;
  readonly statusCode: string;
  readonly statusDescription?: string;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly body?: boolean;
}

interface Pending {
  readonly response: ServerResponse;
  readonly head: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly timer: NodeJS.Timeout;
}

/** @param path of the one hybrid connection */
export async function startRelay(
  path: string,
  rules: Readonly<Record<string, RelayRule>>,
  answerMs = ANSWER_MS,
): Promise<Relay> {
  const listeners = new Set<WebSocket>();
  const pending = new Map<string, Pending>();
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => void send(request, response));
  let host = '';

  const statusOf = (token: string, right: 'Listen' | 'Send'): number => {
    const rule = rules[/skn=([^&]*)/.exec(token)?.[1] ?? ''];
    const resource = /sr=([^&]*)/.exec(token)?.[1] ?? '';
    const end = /se=(\d+)/.exec(token)?.[1] ?? '0';
    if (rule === undefined || Number(end) * 1000 < Date.now()) return 401;
    const signature = createHmac('sha256', rule.key).update(`${resource}\n${end}`).digest();
    const given = Buffer.from(decodeURIComponent(/sig=([^&]*)/.exec(token)?.[1] ?? ''), 'base64');
    if (given.length !== signature.length || !timingSafeEqual(given, signature)) return 401;
    const scope = new URL(decodeURIComponent(resource)).pathname.slice(1);
    return rule.rights.includes(right) && (scope === '' || scope === path) ? 200 : 403;
  };

  async function send(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://relay');
    const refuse = (status: number, text: string): void => void response.writeHead(status).end(text);
    if (url.pathname.split('/')[1] !== path) {
      refuse(404, 'The endpoint does not exist.');
      return;
    }
    const token = url.searchParams.get('sb-hc-token') ?? request.headers.servicebusauthorization;
    const status = statusOf(String(token ?? request.headers.authorization ?? ''), 'Send');
    if (status !== 200) {
      refuse(status, 'The token is missing or not valid.');
      return;
    }
    const body = await buffer(request);
    const open = [...listeners];
    const listener = open[Math.floor(Math.random() * open.length)];
    if (listener === undefined) {
      refuse(404, 'There are no listeners connected for the endpoint. TrackingId:00000000');
      return;
    }
    const id = randomUUID();
    const address = `ws://${host}/$hc/${path}?sb-hc-action=request&sb-hc-id=${id}`;
    for (const name of [...url.searchParams.keys()]) if (name.startsWith('sb-hc-')) url.searchParams.delete(name);
    const head = {
      address,
      id,
      requestTarget: url.pathname + url.search,
      method: request.method,
      requestHeaders: { ...headersFor(request, token !== undefined), Via: '1.1 relay' },
      body: body.length > 0,
    };
    const timer = setTimeout(() => {
      pending.delete(id);
      refuse(504, 'The listener did not answer.');
    }, answerMs);
    pending.set(id, { response, head, body, timer });
    const text = JSON.stringify({ request: head });
    const isLarge = text.length + body.length > CONTROL_BYTES || request.headers['transfer-encoding'] !== undefined;
    listener.send(isLarge ? JSON.stringify({ request: { address, id } }) : text);
    if (!isLarge && body.length > 0) listener.send(body);
  }

  /** Takes answers from a socket: the control channel, or one of a request. */
  const answers = (socket: WebSocket): void => {
    let awaited: ResponseHead | undefined;
    socket.on('error', () => undefined);
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) {
        if (awaited !== undefined) finish(awaited, data as Buffer);
        awaited = undefined;
        return;
      }
      const { response, renewToken } = JSON.parse((data as Buffer).toString()) as {
        readonly response?: ResponseHead;
        readonly renewToken?: { readonly token: string };
      };
      if (renewToken !== undefined && statusOf(renewToken.token, 'Listen') !== 200) socket.close(1008);
      if (response?.body === true) awaited = response;
      else if (response !== undefined) finish(response, Buffer.alloc(0));
    });
  };

  const finish = (head: ResponseHead, body: Buffer): void => {
    const waiting = pending.get(head.requestId);
    if (waiting === undefined) return;
    pending.delete(head.requestId);
    clearTimeout(waiting.timer);
    waiting.response
      .writeHead(Number(head.statusCode), head.statusDescription, { ...head.responseHeaders, Via: '1.1 relay' })
      .end(body);
  };

  server.on('upgrade', (request, socket, before) => {
    const url = new URL(request.url ?? '/', 'http://relay');
    const action = url.searchParams.get('sb-hc-action');
    const refuse = (status: number): void => void socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\n\r\n`);
    if (action === 'request') {
      const waiting = pending.get(url.searchParams.get('sb-hc-id') ?? '');
      if (waiting === undefined) {
        refuse(410);
        return;
      }
      sockets.handleUpgrade(request, socket, before, (own) => {
        answers(own);
        own.send(JSON.stringify({ request: waiting.head }));
        if (waiting.body.length > 0) own.send(waiting.body);
      });
      return;
    }
    if (action !== 'listen') {
      refuse(404);
      return;
    }
    const token = request.headers.servicebusauthorization ?? url.searchParams.get('sb-hc-token') ?? '';
    const status = url.pathname === `/$hc/${path}` ? statusOf(String(token), 'Listen') : 404;
    if (status !== 200) {
      refuse(status);
      return;
    }
    sockets.handleUpgrade(request, socket, before, (channel) => {
      listeners.add(channel);
      channel.on('close', () => listeners.delete(channel));
      answers(channel);
    });
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    get listeners() {
      return listeners.size;
    },
    drop: () => {
      for (const listener of listeners) listener.terminate();
    },
    close: async () => {
      for (const { timer } of pending.values()) clearTimeout(timer);
      for (const listener of listeners) listener.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const NOT_PASSED =
  /^(?:connection|content-length|host|te|trailer|transfer-encoding|upgrade|close|servicebusauthorization)$/i;

/** `Authorization` is the relay's only where no other token came. */
function headersFor({ headers }: IncomingMessage, hasToken: boolean): Record<string, string> {
  const passed = Object.entries(headers).filter(
    ([name]) => !NOT_PASSED.test(name) && (hasToken || name !== 'authorization'),
  );
  return Object.fromEntries(passed.map(([name, value]) => [name, String(value)]));
}

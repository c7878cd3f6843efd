import http from 'node:http';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket, { type RawData } from 'ws';
import { equalJitter } from '../../../shared/azure/circuit';
import { RELAY_HEADER } from '../../../shared/azure/relay-token';
import { messageOf } from '../../../shared/errors/errors';
import { isAllowed, type AllowRule } from './allow';

/** Larger heads and bodies don't go over the control channel. */
const CONTROL_BYTES = 64 * 1024;
/** Of a request's or an answer's body. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** The relay gives a listener 60 s. */
const ANSWER_MS = 55_000;
const PING_MS = 45_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** What a listener is told, and by whom. */
export interface ListenerOptions {
  /** `wss://contoso.servicebus.windows.net` */
  readonly relay: string;
  /** Of the hybrid connection. */
  readonly path: string;
  /** A token of the right Listen, and when it ends, in epoch milliseconds. */
  readonly token: () => Promise<{ readonly token: string; readonly endsAtMs: number }>;
  /** Where requests go: a fixed origin. */
  readonly to: URL;
  readonly allow: readonly AllowRule[];
  readonly log: (line: string) => void;
}

/** A request as the relay tells it; without a method it has to be fetched from `address`. */
interface RelayedRequest {
  readonly address: string;
  readonly id: string;
  readonly requestTarget?: string;
  readonly method?: string;
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly body?: boolean;
}

interface Frame {
  readonly request?: RelayedRequest;
  readonly accept?: { readonly address: string };
}

interface RelayedAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-connection; the length and the host are made anew. */
const HOP_BY_HOP =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|content-length|close|expect)$/i;

/**
 * The on-premises end of a hybrid connection: passes what is allowed on to one fixed address, and nothing else. Several on
 * several machines share the work.
 * https://learn.microsoft.com/azure/azure-relay/relay-hybrid-connections-protocol
 */
export class RelayListener {
  readonly #stopping = new AbortController();
  readonly #agent: http.Agent;
  #passing = 0;

  constructor(private readonly options: ListenerOptions) {
    this.#agent = new (options.to.protocol === 'https:' ? https : http).Agent({ keepAlive: true });
  }

  /** Listens until it is stopped; connects again with growing pauses. */
  async run(): Promise<void> {
    const { log } = this.options;
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#isStopping()) {
      try {
        const why = await this.#listen(() => (pauseMs = FIRST_PAUSE_MS));
        if (!this.#isStopping()) log(`disconnected: ${why}`);
      } catch (error) {
        log(`not connected: ${messageOf(error)}`);
      }
      if (this.#isStopping()) break;
      await sleep(equalJitter(pauseMs, Math.random), undefined, { signal: this.#stopping.signal }).catch(
        () => undefined,
      );
      pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
    }
    while (this.#passing > 0) await sleep(20);
    this.#agent.destroy();
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Takes no new requests; `run` resolves when those under way are answered. */
  stop(): void {
    this.#stopping.abort();
  }

  /** One control channel, until it closes. Returns why it did. */
  async #listen(onOpen: () => void): Promise<string> {
    const { relay, path, token, log } = this.options;
    let { token: current, endsAtMs } = await token();
    const socket = new WebSocket(`${relay}/$hc/${path}?sb-hc-action=listen`, {
      headers: { [RELAY_HEADER]: current },
      handshakeTimeout: 30_000,
      maxPayload: 4 * CONTROL_BYTES,
    });
    return new Promise((resolve, reject) => {
      let alive = true;
      let wasOpen = false;
      let awaited: RelayedRequest | undefined;
      const ping = setInterval(() => {
        if (!alive) {
          socket.terminate();
          return;
        }
        alive = false;
        socket.ping();
      }, PING_MS);
      let renewing: NodeJS.Timeout | undefined;
      const renew = (): void => {
        renewing = setTimeout(
          () =>
            void token().then(
              (next) => {
                ({ token: current, endsAtMs } = next);
                socket.send(JSON.stringify({ renewToken: { token: current } }));
                renew();
              },
              (error: unknown) => {
                log(`no new token: ${messageOf(error)}`);
                renew();
              },
            ),
          Math.max(1000, (endsAtMs - Date.now()) / 2),
        );
      };
      const stop = (): void => socket.close(1000);
      socket.on('open', () => {
        wasOpen = true;
        onOpen();
        log(`listening on ${path}`);
        renew();
        this.#stopping.signal.addEventListener('abort', stop, { once: true });
      });
      socket.on('pong', () => (alive = true));
      socket.on('message', (data: RawData, isBinary: boolean) => {
        if (isBinary) {
          const request = awaited;
          awaited = undefined;
          if (request !== undefined) void this.#serve(request, bufferOf(data), socket);
          return;
        }
        const frame = frameOf(data);
        if (frame?.accept !== undefined) this.#refuseSender(frame.accept.address);
        const { request } = frame ?? {};
        if (request === undefined) return;
        if (request.method === undefined) this.#rendezvous(request);
        else if (request.body === true) awaited = request;
        else void this.#serve(request, Buffer.alloc(0), socket);
      });
      socket.on('error', (error) => {
        if (!wasOpen) reject(error);
      });
      socket.on('close', (code, reason) => {
        clearInterval(ping);
        clearTimeout(renewing);
        this.#stopping.signal.removeEventListener('abort', stop);
        resolve(`${code}${reason.length > 0 ? ` ${reason.toString()}` : ''}`);
      });
    });
  }

  /**
   * Passes a request on and answers it over the socket that it came by; over one of its own, where the
   * channel is too narrow, or closes meanwhile.
   */
  async #serve(request: RelayedRequest, body: Buffer, socket: WebSocket, isChannel = true): Promise<void> {
    this.#passing += 1;
    try {
      const answer = await this.#pass(request, body);
      const head = headOf(request, answer);
      const fits = head.length + answer.body.length <= CONTROL_BYTES && socket.readyState === WebSocket.OPEN;
      if (!isChannel || fits) {
        sendAnswer(socket, head, answer.body);
        return;
      }
      const own = this.#open(request.address, 'an answer could not be sent');
      own?.on('open', () => {
        sendAnswer(own, head, answer.body);
        own.close();
      });
    } finally {
      this.#passing -= 1;
    }
  }

  /** A request that is too large for the control channel waits at an address of its own, and is answered there. */
  #rendezvous({ address }: RelayedRequest): void {
    const socket = this.#open(address, 'a request could not be fetched');
    let head: RelayedRequest | undefined;
    const serve = (body: Buffer): void => {
      if (head !== undefined && socket !== undefined)
        void this.#serve(head, body, socket, false).then(() => socket.close());
    };
    socket?.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) {
        serve(bufferOf(data));
        return;
      }
      head = frameOf(data)?.request ?? head;
      if (head?.body !== true) serve(Buffer.alloc(0));
    });
  }

  /** Connects to an address that the relay gave, if it is one of the relay's. */
  #open(address: string, failure: string): WebSocket | undefined {
    if (!isOfRelay(address, this.options.relay)) {
      this.options.log(`${failure}: its address is none of ${this.options.relay}`);
      return undefined;
    }
    const socket = new WebSocket(address, { handshakeTimeout: 30_000, maxPayload: MAX_BODY_BYTES + CONTROL_BYTES });
    socket.on('error', (error) => this.options.log(`${failure}: ${messageOf(error)}`));
    return socket;
  }

  /** A sender that wants a WebSocket: there is none here. The refusal itself ends with 410. */
  #refuseSender(address: string): void {
    if (!isOfRelay(address, this.options.relay)) return;
    const refusal = '&sb-hc-statusCode=400&sb-hc-statusDescription=WebSockets%20are%20not%20passed%20on';
    new WebSocket(address + refusal).on('error', () => undefined);
  }

  /** Never rejects: what doesn't go becomes an answer. */
  async #pass(
    { requestTarget = '/', method = 'GET', requestHeaders = {} }: RelayedRequest,
    body: Buffer,
  ): Promise<RelayedAnswer> {
    const target = requestTarget.startsWith(`/${this.options.path}`)
      ? requestTarget.slice(this.options.path.length + 1) || '/'
      : requestTarget;
    if (!isAllowed(this.options.allow, method, target)) {
      this.options.log(`refused: ${method} ${target.split('?')[0] ?? ''}`);
      return plain(403, 'Forbidden', 'This listener does not pass such requests on.');
    }
    const { to } = this.options;
    const headers = Object.fromEntries(Object.entries(requestHeaders).filter(([name]) => !HOP_BY_HOP.test(name)));
    try {
      return await new Promise<RelayedAnswer>((resolve, reject) => {
        const request = (to.protocol === 'https:' ? https : http).request(
          {
            host: to.hostname.replace(/^\[|\]$/g, ''),
            port: to.port,
            method,
            path: target,
            agent: this.#agent,
            headers: { ...headers, Host: to.host, 'Content-Length': body.length },
            signal: AbortSignal.timeout(ANSWER_MS),
          },
          (response) => {
            void buffer(response).then((received) => resolve(answerOf(response, received)), reject);
          },
        );
        request.on('error', reject);
        request.end(body);
      });
    } catch (error) {
      this.options.log(`${method} failed: ${messageOf(error)}`);
      return plain(503, 'Service Unavailable', 'The system behind this listener does not answer.');
    }
  }
}

/** A listener may not answer 502 or 504: they would be taken for the relay's own. */
function answerOf(
  { statusCode = 500, statusMessage = '', headers }: http.IncomingMessage,
  body: Buffer,
): RelayedAnswer {
  const status = statusCode === 502 || statusCode === 504 ? 503 : statusCode;
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || HOP_BY_HOP.test(name)
      ? []
      : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  );
  return { status, text: statusMessage, headers: Object.fromEntries(kept), body };
}

const plain = (status: number, text: string, body: string): RelayedAnswer => ({
  status,
  text,
  headers: { 'Content-Type': 'text/plain' },
  body: Buffer.from(body),
});

const headOf = ({ id }: RelayedRequest, { status, text, headers, body }: RelayedAnswer): string =>
  JSON.stringify({
    response: {
      requestId: id,
      statusCode: String(status),
      statusDescription: text,
      responseHeaders: headers,
      body: body.length > 0,
    },
  });

/** Both frames in one turn: a head whose body is late holds the channel up for all. */
function sendAnswer(socket: WebSocket, head: string, body: Buffer): void {
  socket.send(head);
  if (body.length > 0) socket.send(body);
}

/** The relay's own host, or another of its domain: requests wait at its nodes. */
function isOfRelay(address: string, relay: string): boolean {
  const [one, other] = [URL.parse(address), new URL(relay)];
  if (one?.protocol !== other.protocol) return false;
  const domain = other.hostname.replace(/^[^.]+/, '');
  return one.host === other.host || (domain.split('.').length > 3 && one.hostname.endsWith(domain));
}

function frameOf(data: RawData): Frame | undefined {
  try {
    return JSON.parse(bufferOf(data).toString()) as Frame;
  } catch {
    return undefined;
  }
}

function bufferOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

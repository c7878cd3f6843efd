/**
 * A proxy before Azurite that understands HTTP: it has each request looked at before it is carried out, and after that
 * before it is answered. Bodies are kept whole; they are small here.
 */
import { once } from 'node:events';
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request to the table or blob service. */
export interface StoreRequest {
  readonly service: 'table' | 'blob';
  readonly method: string;
  /** Without the account, decoded: `account(PartitionKey='a',RowKey='…')`, `$batch`, `dvo-leases/pull-account`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the service answered; undefined where nobody knows whether it carried the request out. */
export interface StoreAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Who looks at the requests. */
export interface StoreWitness {
  /** Before a request is passed on. False: it isn't, and its connection breaks. */
  asked(request: StoreRequest): Promise<boolean>;
  /** Before its answer is given. False: it isn't, and its connection breaks. */
  answered(request: StoreRequest, answer: StoreAnswer | undefined): boolean;
}

/** Between clients and one service of Azurite. */
export class StoreProxy {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server: Server;

  private constructor(
    private readonly service: StoreRequest['service'],
    private readonly upstreamPort: number,
    private readonly witness: StoreWitness,
  ) {
    this.#server = createServer((request, response) => {
      this.#pass(request, response).catch(() => response.destroy());
    });
  }

  /** Listens at a free port. */
  static async open(
    service: StoreRequest['service'],
    upstreamPort: number,
    witness: StoreWitness,
  ): Promise<StoreProxy> {
    const proxy = new StoreProxy(service, upstreamPort, witness);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    this.#agent.destroy();
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = incoming;
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const path = decodeURIComponent(pathname.split('/').slice(2).join('/'));
    const body = await buffer(incoming);
    const request: StoreRequest = { service: this.service, method, path, query: searchParams, headers, body };
    if (!(await this.witness.asked(request))) {
      outgoing.destroy();
      return;
    }
    let answer: Awaited<ReturnType<StoreProxy['send']>>;
    try {
      answer = await this.send(method, url, headers, body);
    } catch (error) {
      this.witness.answered(request, undefined);
      throw error;
    }
    if (!this.witness.answered(request, answer)) {
      outgoing.destroy();
      return;
    }
    outgoing.writeHead(answer.status, hopless(answer.headers, method === 'HEAD' ? undefined : answer.body));
    outgoing.end(answer.body);
  }

  private async send(
    method: string,
    path: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ): Promise<StoreAnswer & { readonly headers: IncomingHttpHeaders }> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const given = method === 'GET' || method === 'HEAD' ? undefined : body;
      const request = httpRequest(
        {
          agent: this.#agent,
          host: '127.0.0.1',
          port: this.upstreamPort,
          method,
          path,
          headers: hopless(headers, given),
        },
        resolve,
      );
      request.once('error', reject);
      request.end(body);
    });
    return { status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) };
  }
}

const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** The headers without those of one connection only; with a body, its length. */
function hopless(headers: IncomingHttpHeaders, body: Buffer | undefined): IncomingHttpHeaders {
  const rest = Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name)));
  return body === undefined ? rest : { ...rest, 'content-length': String(body.length) };
}

/** Requests of the SDK's pipelines through undici. Loaded by `./tables-http` alone, and only by a process that sends many. */
import {
  createHttpHeaders,
  RestError,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { buffer } from 'node:stream/consumers';
import { createGunzip, createInflate } from 'node:zlib';
import type { Dispatcher, Pool as PoolType } from 'undici';
import Pool from 'undici/lib/dispatcher/pool.js';

/**
 * How long a connection stays open unused, in milliseconds, unless the service says less. A name that now has another address is
 * followed by new connections only, and a connection that the network has forgotten costs a retry.
 */
const KEEP_ALIVE_MS = 30_000;

/** As the errors of Node's own sockets are called, of which the pipeline knows which ones to retry. */
const CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'ECONNRESET',
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
};

/** Sends over connections that it keeps, as many as are needed at once, to each account. */
export class UndiciHttp implements HttpClient {
  readonly #pools = new Map<string, PoolType>();

  /** @param options of the connections */
  constructor(private readonly options: PoolType.Options = {}) {}

  async sendRequest(request: PipelineRequest): Promise<PipelineResponse> {
    const { protocol, origin, pathname, search } = new URL(request.url);
    if (protocol !== 'https:' && !request.allowInsecureConnection)
      throw new Error(`Cannot connect to ${origin} while allowInsecureConnection is false.`);
    const exchange = new Exchange(request);
    const options = {
      path: `${pathname}${search}`,
      method: request.method,
      headers: request.headers.toJSON({ preserveCase: true }),
      body: typeof request.body === 'string' ? request.body : null,
    };
    try {
      if (request.abortSignal?.aborted !== true) this.#pool(origin).dispatch(options, exchange);
      const { status, headers, body } = await exchange.answer;
      return { request, status, headers: createHttpHeaders(headers), bodyAsText: await textOf(body, headers) };
    } finally {
      exchange.end();
    }
  }

  /** Closes all connections, for good. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }

  #pool(origin: string): PoolType {
    const known = this.#pools.get(origin);
    if (known !== undefined) return known;
    // How long an answer may take is said with each request.
    const options = { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 0, bodyTimeout: 0, ...this.options };
    const pool = new Pool(origin, options);
    this.#pools.set(origin, pool);
    return pool;
  }
}

/** Whether undici can send it: a plain request, not one through a proxy or of settings of its own. */
export const isPlain = ({
  agent,
  tlsSettings,
  proxySettings,
  requestOverrides,
  disableKeepAlive,
  streamResponseStatusCodes,
  onUploadProgress,
  onDownloadProgress,
  body,
}: PipelineRequest): boolean =>
  [agent, tlsSettings, proxySettings, requestOverrides, onUploadProgress, onDownloadProgress].every(
    (special) => special === undefined,
  ) &&
  !disableKeepAlive &&
  (streamResponseStatusCodes?.size ?? 0) === 0 &&
  (body === undefined || body === null || typeof body === 'string');

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One request and its answer; its time limit and its abort hold until the last byte has come. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Answer>;
  readonly #chunks: Buffer[] = [];
  #resolve: (answer: Answer) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  #aborted: Error | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #signal: PipelineRequest['abortSignal'];
  readonly #onAbort = (): void => this.#abort('The request was aborted.');

  constructor(private readonly request: PipelineRequest) {
    const { timeout, abortSignal } = request;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (timeout > 0) this.#timer = setTimeout(() => this.#abort(`No answer came within ${timeout} ms.`), timeout);
    this.#signal = abortSignal;
    if (abortSignal?.aborted === true) this.#onAbort();
    else abortSignal?.addEventListener('abort', this.#onAbort);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #abort(message: string): void {
    // Called as the SDK's own client calls it, which the pipeline and the circuit know.
    this.#aborted = Object.assign(new Error(message), { name: 'AbortError' });
    // Who waits is told at once: a request that still waits for its connection has no controller.
    this.#reject(this.#aborted);
    this.#controller?.abort(this.#aborted);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted !== undefined) controller.abort(this.#aborted);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#status = status;
    // Of a header that came several times the SDK makes one text, values parted by commas, as HTTP has it.
    this.#headers = headers as Readonly<Record<string, string>>;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#resolve({ status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks) });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error & { readonly code?: string }): void {
    const code = error.code === undefined ? RestError.REQUEST_SEND_ERROR : (CODES[error.code] ?? error.code);
    this.#reject(this.#aborted ?? new RestError(error.message, { code, request: this.request }));
  }
}

/** The pipeline asks for answers that may be compressed; the table service's aren't. */
async function textOf(body: Buffer, headers: Readonly<Record<string, string>>): Promise<string> {
  const encoding = headers['content-encoding'];
  if (encoding !== 'gzip' && encoding !== 'deflate') return body.toString('utf8');
  const stream = encoding === 'gzip' ? createGunzip() : createInflate();
  stream.end(body);
  return (await buffer(stream)).toString('utf8');
}

import {
  bearerTokenAuthenticationPolicy,
  bearerTokenAuthenticationPolicyName,
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpClient,
  type Pipeline,
  type PipelinePolicy,
  type PipelineRequest,
  type PipelineResponse,
  type SendRequest,
} from '@azure/core-rest-pipeline';
import type { TokenCredential } from '@azure/identity';
import { addAbortSignal, Readable } from 'node:stream';
import { OutboundError, foreignText, messageOf } from '../errors/errors';
import type { ClockSample } from '../telemetry/clock-watch';
import { randomUUID } from 'node:crypto';
import { readBatch, writeBatch, type Operation, type OperationAnswer } from './batch';
import { leftIn, RateBudget, refusalIn, WebApiBusy, type Call, type Urgency } from './rate-budget';

/** Where the Web API is and as whom to call it. */
export interface WebApiOptions {
  /** The environment's address: `https://contoso.crm4.dynamics.com`. */
  readonly url: string;
  /** Made anew when Dataverse no longer takes the tokens of the last one, which keeps them until they expire. */
  readonly credential: () => TokenCredential;
  /** Retries of one request on 429 (after Retry-After), 5xx and lost connections. @default 5 */
  readonly maxRetries?: number;
  /** What all requests keep to, retries too. @default one of its own */
  readonly budget?: RateBudget;
  /** Bytes that an answer may unpack to. @default 128 MiB: 26 KB for each of 5,000 rows */
  readonly maxAnswerBytes?: number;
  /** Is told when each answer was made and came. */
  readonly answered?: (sample: ClockSample) => void;
}

/** Time allowed for a request, in milliseconds. */
export interface RequestLimits {
  /** Until the headers of an attempt are there. */
  readonly attemptMs: number;
  /** For everything: waiting for its turn, all attempts, the waits that Retry-After asks for, and the body, which may stall. */
  readonly totalMs: number;
  /** Whether it waits behind others. @default quick */
  readonly urgency?: Urgency;
  /** Operations in it, for a batch. @default 1 */
  readonly operations?: number;
  /** What it is called in errors. @default the method and the path */
  readonly what?: string;
}

/**
 * For what someone waits for: a webhook (60 s) or a message's lock. What takes longer is parked and tried again.
 */
export const QUICK: RequestLimits = { attemptMs: 10_000, totalMs: 15_000 };

/** For a page of thousands of rows, which nobody but the pull waits for. */
export const LONG: RequestLimits = { attemptMs: 60_000, totalMs: 300_000, urgency: 'patient' };

/** For changes of rows: plug-ins take part in them. */
export const WRITING: RequestLimits = { attemptMs: 30_000, totalMs: 45_000 };
/** The same for many, one after the other. */
const WRITING_MANY: RequestLimits = { attemptMs: 90_000, totalMs: 120_000 };

/** For a change of a table's definition, and publishing it. */
export const CHANGING: RequestLimits = { attemptMs: 300_000, totalMs: 600_000 };

/** Shortest time between two sign-ins that a 401 causes, in milliseconds. */
const RENEW_EVERY_MS = 10_000;

/**
 * When a request was answered, in Dataverse's clock, milliseconds since 1970: this machine's clock may be any time off.
 */
export interface AnswerTime {
  /** The Date header. */
  readonly dateMs: number;
  /** No later than when the request was sent: the Date header less what the answer took. */
  readonly sentMs: number;
}

/** A successful answer. */
export interface WebApiResponse extends AnswerTime {
  readonly body: string;
}

/** A successful answer that is not text yet: a page may have megabytes, which as text take up to twice as many. */
export interface WebApiPage extends AnswerTime {
  readonly bytes: Buffer;
}

/** Thrown when the Web API answers with an error, or (after the retries) not at all. */
export class WebApiError extends OutboundError {
  constructor(
    /** What was asked for, without query values: `GET accounts(…)`. */
    readonly request: string,
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    /** The platform's own code (`0x80040217`), empty where it sends none. */
    readonly platformCode: string,
    /** What the platform says. */
    readonly text: string,
    /** Undefined when no answer came. */
    readonly time?: AnswerTime,
    options?: ErrorOptions,
    /** It says something of a whole batch, of whose operations any may be the cause. */
    readonly isOfBatch = false,
  ) {
    super(
      'web-api',
      `${request} answered ${status === 0 ? 'nothing' : status}: ${foreignText(text)}${hintFor(status, request)}`,
      options,
    );
  }

  /** Dataverse, or what lies before it, refuses what the request brings: less of it may pass. */
  get refusesContent(): boolean {
    return this.status === 400 || this.status === 413 || this.status === 414;
  }

  /** Dataverse answers, and refuses this very request (400, 404): others may well succeed. */
  get refusesRequest(): boolean {
    return this.status === 400 || this.status === 404;
  }

  /** A plug-in's fault is a 500, too. */
  override get isOfOne(): boolean {
    return !this.isOfBatch && (this.refusesRequest || this.status === 500);
  }
}

const hintFor = (status: number, request: string): string => {
  if (status === 401) return ' Check the application registration, its secret or certificate, and DATAVERSE_URL.';
  if (status === 403 && REGISTERS.test(request)) return MAY_REGISTER;
  if (!request.startsWith('GET ')) return status === 403 ? MAY_CUSTOMISE : '';
  if (status === 403) return ' Give the application user a security role with organisation-level read on this table.';
  return '';
};

/** https://learn.microsoft.com/power-platform/admin/miscellaneous-privileges */
const MAY_CUSTOMISE =
  ' Give the application user the privileges to change tables and to publish (prvWriteEntity, prvWriteCustomization, ' +
  'prvPublishCustomization; the role System Customizer has them), or use an application that has them.';

/** Requests for what is registered in the Event Framework. */
const REGISTERS = /^\w+ (?:serviceendpoints|sdkmessage)/;
const MAY_REGISTER =
  ' Registering needs the role System Customizer or System Administrator (privileges on Service Endpoint, Sdk Message and ' +
  'Sdk Message Processing Step).';

/** Thrown when a link in an answer leads to another host: it is not followed, since the token would go with it. */
export class ForeignLink extends OutboundError {
  constructor(host: string, expected: string) {
    super(
      'foreign-link',
      `A link in an answer of the Web API leads to ${host} instead of ${expected}. It was not followed.`,
    );
  }
}

/** Thrown when an answer unpacks to more than is allowed: it was given up, and its connection closed. */
export class AnswerTooLarge extends OutboundError {
  constructor(request: string, maxBytes: number) {
    super(
      'web-api-answer-too-large',
      `${request} is answered with more than ${Math.round(maxBytes / MEBIBYTE)} MiB. Lower PULL_PAGE_ROWS or leave columns ` +
        'out in the mapping file; if that is no reason, see what answers at DATAVERSE_URL.',
    );
  }
}

const MEBIBYTE = 1024 * 1024;
const MAX_ANSWER_BYTES = 128 * MEBIBYTE;

/**
 * Dataverse's Web API as far as this app needs it: authenticated requests within one budget, retried as the platform asks. The
 * app reads, and writes what a LOB system has changed; the operator's CLI changes tables' definitions and what is registered.
 *
 * Answers stay text, so that whoever parses them can keep numbers exact.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/compose-http-requests-handle-errors
 * https://learn.microsoft.com/power-apps/developer/data-platform/api-limits
 */
export class WebApi {
  readonly #base: URL;
  readonly #http: HttpClient = createDefaultHttpClient();
  readonly #budget: RateBudget;
  readonly #calls = new WeakMap<PipelineRequest, Call & Pick<RequestLimits, 'attemptMs'>>();
  readonly #answers = new WeakMap<PipelineRequest, { readonly time: AnswerTime; readonly bytes: Buffer }>();
  #pipeline: Pipeline;
  #signedInAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: WebApiOptions) {
    this.#base = new URL('/api/data/v9.2/', options.url);
    this.#budget = options.budget ?? new RateBudget();
    this.#pipeline = this.#signIn();
  }

  #signIn(): Pipeline {
    const pipeline = createPipelineFromOptions({
      retryOptions: { maxRetries: this.options.maxRetries ?? 5, retryDelayInMs: 500, maxRetryDelayInMs: 30_000 },
      userAgentOptions: { userAgentPrefix: 'dataverse-outbound' },
      // A redirect would carry the token elsewhere.
      redirectOptions: { maxRetries: 0 },
    });
    const credential = this.options.credential();
    pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: `${this.#base.origin}/.default` }), {
      phase: 'Sign',
    });
    // Last of all: whatever is sent, for whatever reason, keeps to the budget.
    pipeline.addPolicy(this.#keepToBudget(), { phase: 'Sign', afterPolicies: [bearerTokenAuthenticationPolicyName] });
    return pipeline;
  }

  #keepToBudget(): PipelinePolicy {
    return {
      name: 'rateBudget',
      sendRequest: async (request, next) => {
        const call = this.#calls.get(request);
        if (call === undefined) return next(request);
        const leave = await this.#budget.enter(call);
        const stop = new AbortController();
        try {
          const sentMs = this.#budget.nowMs;
          const sentAt = performance.now();
          const response = await inTime(call, request, next, stop);
          const tookMs = performance.now() - sentAt;
          const time = timeOf(response, tookMs);
          this.options.answered?.({ dateMs: time.dateMs, receivedMs: Date.now(), tookMs });
          this.#budget.answered(leftIn(response.headers));
          const bytes = await this.#bodyOf(call, response);
          this.#answers.set(request, { time, bytes });
          if (response.status !== 200) response.bodyAsText = bytes.toString();
          if (response.status === 429) this.#budget.refused(call, refusalIn(response, sentMs, this.#budget.nowMs));
          if (request.method !== 'GET' && response.status >= 500)
            throw errorFrom(call.what, response, response.bodyAsText, time);
          return response;
        } catch (error) {
          // Whatever is still to come isn't read.
          stop.abort();
          // What may have been carried out isn't sent again: no retry takes up an error of ours.
          throw request.method === 'GET' || error instanceof OutboundError ? error : noAnswer(call.what, error);
        } finally {
          leave();
        }
      },
    };
  }

  /**
   * The whole body, as far as it may go. The HTTP client would wait for ever for one that is compressed and breaks off: what it
   * unpacks from never hears of it. This ends with the signal.
   */
  async #bodyOf({ what, signal }: Call, { readableStreamBody }: PipelineResponse): Promise<Buffer> {
    const maxBytes = this.options.maxAnswerBytes ?? MAX_ANSWER_BYTES;
    const pieces: Buffer[] = [];
    let bytes = 0;
    if (readableStreamBody instanceof Readable) {
      for await (const piece of addAbortSignal(signal, readableStreamBody)) {
        bytes += (piece as Buffer).byteLength;
        if (bytes > maxBytes) throw new AnswerTooLarge(what, maxBytes);
        pieces.push(piece as Buffer);
      }
    }
    return Buffer.concat(pieces);
  }

  /** The environment's host, for logs. */
  get host(): string {
    return this.#base.host;
  }

  /** GETs a path below `/api/data/v9.2/`, or an absolute link that the Web API gave. */
  async get(pathOrLink: string, prefer: readonly string[] = [], limits = QUICK): Promise<WebApiResponse> {
    return textOf(await this.#request('GET', pathOrLink, limits, readHeaders(prefer)));
  }

  /** GETs a page of many rows, which nobody waits for but whoever asks; it is called off with the signal. */
  getPage(pathOrLink: string, prefer: readonly string[], signal: AbortSignal): Promise<WebApiPage> {
    return this.#request('GET', pathOrLink, LONG, readHeaders(prefer), undefined, signal);
  }

  /** GETs a definition as it is now, past the platform's caches. */
  async getCurrent(path: string): Promise<WebApiResponse> {
    return textOf(await this.#request('GET', path, QUICK, { ...readHeaders([]), Consistency: 'Strong' }));
  }

  /**
   * Changes something. Sent again only if it surely wasn't carried out (401, 429): without an answer, or with a 5xx, nobody
   * knows whether it was.
   */
  async change(
    method: 'PUT' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await this.#request(
      method,
      path,
      CHANGING,
      { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      body === undefined ? undefined : JSON.stringify(body),
    );
  }

  /**
   * Carries out operations on rows, several of them as one batch: each has an answer of its own, an error included. One that
   * may have been carried out isn't sent again.
   */
  async carryOut(operations: readonly Operation[]): Promise<readonly (WebApiResponse | WebApiError | WebApiBusy)[]> {
    const [only] = operations;
    if (only !== undefined && operations.length === 1) return [await this.#carryOutOne(only)];
    const boundary = `batch_${randomUUID()}`;
    const headers = { 'Content-Type': `multipart/mixed; boundary=${boundary}`, Prefer: 'odata.continue-on-error' };
    const limits = { ...WRITING_MANY, operations: operations.length };
    const body = writeBatch(operations, boundary, this.#base.pathname);
    const sentMs = this.#budget.nowMs;
    let page: WebApiPage;
    try {
      page = await this.#request('POST', '$batch', limits, headers, body);
    } catch (error) {
      if (error instanceof WebApiBusy) return operations.map(() => error);
      if (!(error instanceof WebApiError)) throw error;
      if (error.refusesContent) return this.#inHalves(operations);
      const { request, status, platformCode, text, time, cause } = error;
      const ofBatch = new WebApiError(request, status, platformCode, text, time, { cause }, true);
      return operations.map(() => ofBatch);
    }
    const { bytes, ...time } = page;
    const answers = readBatch(bytes.toString());
    return operations.map((operation, at) => {
      const what = whatOf(operation);
      const answer = answers?.[at];
      if (answer === undefined) return new WebApiError(what, 0, '', 'the batch has no answer to it', time);
      if (answer.status === 429) return this.#batchRefused(what, answer, sentMs);
      return answer.status < 300 ? { body: answer.body, ...time } : errorFrom(what, answer, answer.body, time);
    });
  }

  /** One of them makes the batch unfit: the others are carried out without it. */
  async #inHalves(operations: readonly Operation[]): ReturnType<WebApi['carryOut']> {
    const middle = Math.ceil(operations.length / 2);
    const first = await this.carryOut(operations.slice(0, middle));
    return [...first, ...(await this.carryOut(operations.slice(middle)))];
  }

  async #carryOutOne(operation: Operation): Promise<WebApiResponse | WebApiError | WebApiBusy> {
    const { method, path, headers, body } = operation;
    const content = body === undefined ? {} : { 'Content-Type': 'application/json' };
    try {
      const limits = { ...WRITING, what: whatOf(operation) };
      return textOf(await this.#request(method, path, limits, { ...content, ...headers }, body));
    } catch (error) {
      if (error instanceof WebApiError || error instanceof WebApiBusy) return error;
      throw error;
    }
  }

  /** Everything waits as long as Dataverse asks; this operation comes again with whoever sent it. */
  #batchRefused(what: string, { headers, body }: OperationAnswer, sentMs: number): WebApiBusy {
    const call = { what, urgency: 'quick', deadlineMs: 0, signal: new AbortController().signal } as const;
    const named = { get: (name: string) => headers.get(name.toLowerCase()) };
    const refusal = refusalIn({ headers: named, bodyAsText: body }, sentMs, this.#budget.nowMs);
    try {
      this.#budget.refused(call, refusal);
    } catch (error) {
      if (error instanceof WebApiBusy) return error;
      throw error;
    }
    return new WebApiBusy(what, 'Dataverse asks the app to wait (429)');
  }

  async #request(
    method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE',
    pathOrLink: string,
    limits: RequestLimits,
    headers: Readonly<Record<string, string>>,
    content?: string,
    calledOff?: AbortSignal,
  ): Promise<WebApiPage> {
    const url = new URL(pathOrLink, this.#base);
    if (url.origin !== this.#base.origin) throw new ForeignLink(url.host, this.#base.host);
    const what = limits.what ?? `${method} ${decodeURIComponent(url.pathname).split('/').slice(4).join('/')}`;
    const timeUp = AbortSignal.timeout(limits.totalMs);
    const abortSignal = calledOff === undefined ? timeUp : AbortSignal.any([timeUp, calledOff]);
    const request = createPipelineRequest({
      method,
      ...(content === undefined ? {} : { body: content }),
      // The link goes out as it came: re-encoding it can break its token.
      url: pathOrLink.startsWith('https://') ? pathOrLink : url.href,
      abortSignal,
      // Bodies are read here (see bodyOf).
      streamResponseStatusCodes: new Set([Number.POSITIVE_INFINITY]),
      headers: createHttpHeaders({
        Accept: 'application/json',
        'OData-MaxVersion': '4.0',
        'OData-Version': '4.0',
        ...headers,
      }),
    });
    this.#calls.set(request, {
      what,
      urgency: limits.urgency ?? 'quick',
      deadlineMs: this.#budget.nowMs + limits.totalMs,
      signal: abortSignal,
      attemptMs: limits.attemptMs,
      ...(limits.operations === undefined ? {} : { operations: limits.operations }),
    });
    const pipeline = this.#pipeline;
    let response = await this.#send(pipeline, request, what);
    // Of several callers that are refused together one signs in again, and all of them send once more.
    if (response.status === 401 && (this.#pipeline !== pipeline || this.#mayRenew())) {
      if (this.#pipeline === pipeline) this.#pipeline = this.#signIn();
      response = await this.#send(this.#pipeline, request, what);
    }
    const isDone =
      response.status === 200 || (method !== 'GET' && (response.status === 201 || response.status === 204));
    const { time = timeOf(response, 0), bytes = Buffer.alloc(0) } = this.#answers.get(request) ?? {};
    if (!isDone) throw errorFrom(what, response, response.bodyAsText, time);
    return { bytes, ...time };
  }

  async #send(pipeline: Pipeline, request: PipelineRequest, what: string): Promise<PipelineResponse> {
    try {
      return await pipeline.sendRequest(this.#http, request);
    } catch (error) {
      throw error instanceof OutboundError ? error : noAnswer(what, error);
    }
  }

  /** A token can become worthless before it expires; but wrong settings shouldn't ask for a new one at every request. */
  #mayRenew(): boolean {
    if (performance.now() - this.#signedInAt < RENEW_EVERY_MS) return false;
    this.#signedInAt = performance.now();
    return true;
  }
}

const readHeaders = (prefer: readonly string[]): Readonly<Record<string, string>> => ({
  'If-None-Match': 'null',
  ...(prefer.length > 0 ? { Prefer: prefer.join(',') } : {}),
});

/** An operation in errors: without the values of a key. */
const whatOf = ({ method, path }: Operation): string => `${method} ${path.split(/[(?]/, 1)[0] ?? ''}`;

const textOf = ({ bytes, ...time }: WebApiPage): WebApiResponse => ({ body: bytes.toString(), ...time });

/** Sends an attempt, with its limit. That of the HTTP client leaves its timer behind, and with it the process, where no answer comes. */
async function inTime(
  { signal, attemptMs }: Pick<Call, 'signal'> & Pick<RequestLimits, 'attemptMs'>,
  request: PipelineRequest,
  next: SendRequest,
  stop: AbortController,
): Promise<PipelineResponse> {
  const timer = setTimeout(() => stop.abort(), attemptMs);
  request.abortSignal = AbortSignal.any([signal, stop.signal]);
  try {
    return await next(request);
  } finally {
    clearTimeout(timer);
  }
}

function timeOf({ headers }: PipelineResponse, tookMs: number): AnswerTime {
  const dateMs = Date.parse(headers.get('Date') ?? '') || Date.now();
  return { dateMs, sentMs: dateMs - tookMs };
}

const noAnswer = (what: string, error: unknown): WebApiError =>
  new WebApiError(what, 0, '', messageOf(error), undefined, { cause: error });

function errorFrom(
  what: string,
  { status }: { readonly status: number },
  text: string | null | undefined,
  time: AnswerTime,
): WebApiError {
  let code = '';
  let message = 'no error text';
  try {
    const { error } = JSON.parse(text ?? '') as { error?: { code?: unknown; message?: unknown } };
    if (typeof error?.code === 'string') code = error.code;
    if (typeof error?.message === 'string') message = error.message;
  } catch {
    // A proxy's page instead of OData: the status has to do.
  }
  return new WebApiError(what, status, code, `${code} ${message}`.trim(), time);
}

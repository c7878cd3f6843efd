import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  RestError,
  type HttpClient,
  type HttpHeaders,
  type HttpMethods,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import pLimit from 'p-limit';
import * as z from 'zod';
import { Circuit, type Answer, type End } from '../../azure/circuit';
import { StoreUnavailable } from '../../azure/store-unavailable';
import { foreignText, messageOf, OutboundError } from '../../errors/errors';
import type { HttpTargetConfig } from '../../settings/http-target';
import type { Log } from '../../telemetry/log';
import { webhookHeaders } from './webhook-signature';

/** Thrown when the LOB system refuses a request as it stands: it would refuse it again. What it is of is parked. */
export class LobRefused extends OutboundError {
  constructor(what: string, status: number, text: string) {
    super('lob-refused', `The LOB system answered ${status} to ${what}: ${foreignText(text) || '(no text)'}`);
  }
}

/** Thrown when the LOB system doesn't take this app's credential. */
export class LobUnauthorized extends OutboundError {
  constructor(what: string, status: number, who = 'The LOB system') {
    super(
      'lob-unauthorized',
      `${who} answered ${status} to ${what}. Check the credential in LOB_HTTP__… and what it may do there.`,
    );
  }
}

/** Thrown when nobody knows whether the LOB system carried a request out. It is sent again. */
export class LobUnclear extends OutboundError {
  constructor(what: string, why: string, options?: ErrorOptions) {
    super('lob-unclear', `${what} was sent to the LOB system, and ${why}. It will be sent again.`, options);
  }
}

/** One request to the LOB system. */
export interface TargetRequest {
  /** For errors: `PUT account(1c…)`. */
  readonly what: string;
  readonly method: HttpMethods;
  readonly url: string;
  /** Absent for one without a body. */
  readonly body?: string;
  /** The same whenever this very request is sent again. Holds no full stop: https://www.standardwebhooks.com/ */
  readonly id: string;
  /** Of the row; grows with each change. */
  readonly version?: number;
  /** Asked when its turn has come: once it says no, it isn't sent. */
  readonly onlyWhile?: () => boolean;
}

/** What has an address: a row, a link, a kind of event. */
export type Place =
  | { readonly table: string; readonly key: string }
  | { readonly relationship: string; readonly id1: string; readonly id2: string }
  | { readonly event: string };

const filled = (template: string, place: Place): string =>
  template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent((place as Record<string, string>)[name] ?? ''),
  );

/** What became of a request. `superseded`: the receiver has a newer version. */
export type TargetOutcome = 'done' | 'superseded' | 'unsent';

/** How a request of several ended. */
export type Sent = TargetOutcome | { readonly error: unknown };

/** Gives the value of a header for each request: a token, or a signature of a relay. */
export type HeaderSource = (url: string) => Promise<Readonly<Record<string, string>>>;

const FAILURES = 5;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Longer waits than that are asked again in between: a clock or a proxy may be wrong. */
const LONGEST_WAIT_MS = 15 * 60_000;
/** Of an answer; the rest isn't read. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Requests sent as one, at most, and about their bytes. */
const MAX_BULK = 100;
const MAX_BULK_BYTES = 512 * 1024;
const MAX_BULK_ANSWER_BYTES = 1024 * 1024;

/**
 * A LOB system's REST interface: sends signed requests with few at a time, and knows the answers. Never follows a redirect.
 * docs/store-http.md says what the receiver does for the guarantees to hold.
 */
export class HttpTarget {
  readonly #http: HttpClient;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #circuit: Circuit;
  readonly #host: string;
  #waitUntilMs = 0;

  constructor(
    private readonly config: HttpTargetConfig,
    private readonly headersFor: HeaderSource = () => Promise.resolve({}),
    log: Log = () => undefined,
    private readonly now: () => number = Date.now,
  ) {
    this.#http = createDefaultHttpClient();
    this.#limit = pLimit(config.concurrency);
    this.#host = new URL(config.url.replaceAll(/[{}]/g, '')).host;
    this.#circuit = new Circuit({
      failures: FAILURES,
      firstPauseMs: FIRST_PAUSE_MS,
      longestPauseMs: LONGEST_PAUSE_MS,
      refusal: (nextAtMs, cause) => this.#unavailable(nextAtMs, cause),
      onOpened: (_nextAtMs, cause) =>
        log('storeUnavailable', { store: this.#host, reason: cause === undefined ? 'no answer' : messageOf(cause) }),
      onClosed: (openMs) => log('storeAvailable', { store: this.#host, milliseconds: openMs }),
      now,
    });
  }

  /** Names the LOB system; holds no secret. */
  get place(): string {
    return this.config.url;
  }

  get timeoutMs(): number {
    return this.config.timeoutMs;
  }

  /** Whether requests go together. */
  get isBulk(): boolean {
    return this.config.bulkUrl !== undefined;
  }

  get methods(): { readonly snapshot: HttpMethods; readonly patch: HttpMethods } {
    return { snapshot: this.config.method, patch: this.config.patchMethod };
  }

  /** @throws LobRefused where the settings have no address for it */
  addressOf(place: Place): string {
    if ('table' in place) return filled(this.config.url, place);
    const { setting, template } =
      'event' in place
        ? { setting: 'eventUrl', template: this.config.eventUrl }
        : { setting: 'linkUrl', template: this.config.linkUrl };
    if (template === undefined)
      throw new LobRefused(Object.values(place).join(' '), 0, `LOB_HTTP__${setting} is missing`);
    return filled(template, place);
  }

  /**
   * Sends a request when its turn has come.
   *
   * @throws LobRefused, LobUnauthorized, LobUnclear, StoreUnavailable
   */
  send(request: TargetRequest): Promise<TargetOutcome> {
    return this.#limit(() => this.#sendNow(request));
  }

  async #sendNow(request: TargetRequest): Promise<TargetOutcome> {
    if (request.onlyWhile?.() === false) return 'unsent';
    return this.#outcomeOf(request, await this.#answerTo(request));
  }

  async #answerTo(request: TargetRequest, maxAnswerBytes?: number): Promise<TargetAnswer> {
    if (this.now() < this.#waitUntilMs) throw this.#unavailable(this.#waitUntilMs, undefined);
    return this.#circuit.run(() => this.#sendOnce(request, maxAnswerBytes), answerOf);
  }

  /** Sends requests: together, where the settings have an address for that. One that fails doesn't fail the others. */
  async sendAll(requests: readonly TargetRequest[]): Promise<readonly Sent[]> {
    const { bulkUrl } = this.config;
    const isAlone = bulkUrl === undefined || requests.length === 1;
    const sending = isAlone
      ? requests.map(async (one) => [await caught(this.send(one))])
      : [...bulksOf(requests)].map((bulk) =>
          this.#limit(() => this.#sendBulk(bulkUrl, bulk)).catch((error: unknown) => bulk.map((): Sent => ({ error }))),
        );
    return (await Promise.all(sending)).flat();
  }

  async #sendBulk(url: string, requests: readonly TargetRequest[]): Promise<readonly Sent[]> {
    const wanted = requests.filter(({ onlyWhile }) => onlyWhile?.() !== false);
    if (wanted.length === 0) return requests.map(() => 'unsent');
    const id = `bulk_${hash('sha256', wanted.map((one) => one.id).join(), 'base64url').slice(0, 22)}`;
    const body = `[${wanted.map(bulkItem).join()}]`;
    const what = `POST of ${wanted.length} requests`;
    const response = await this.#answerTo({ what, method: 'POST', url, body, id }, MAX_BULK_ANSWER_BYTES);
    const ends = new Map<TargetRequest, Sent>();
    if (response.status >= 300 && !BUSY_OR_SHUT.has(response.status)) {
      // One of them may be the reason.
      for (const one of wanted) ends.set(one, await caught(this.#sendNow(one)));
    } else {
      this.#outcomeOf({ what, method: 'POST' }, response);
      const answers = bulkAnswers(response.text);
      for (const one of wanted) ends.set(one, this.#endOf(one, answers.get(one.id), response));
    }
    return requests.map((one) => ends.get(one) ?? 'unsent');
  }

  #endOf(request: TargetRequest, answer: BulkAnswer | undefined, { headers }: TargetAnswer): Sent {
    try {
      if (answer === undefined) throw new LobUnclear(request.what, 'the answer to its bulk request says nothing of it');
      const of = { status: answer.status, text: answer.text ?? '', headers };
      this.#assertClear(request.what, of);
      return this.#outcomeOf(request, of);
    } catch (error) {
      return { error };
    }
  }

  #unavailable(nextAtMs: number, cause: unknown): StoreUnavailable {
    return new StoreUnavailable(this.#host, nextAtMs, { cause });
  }

  async #sendOnce(
    { what, method, url, body, id, version }: TargetRequest,
    maxAnswerBytes = MAX_ANSWER_BYTES,
  ): Promise<TargetAnswer> {
    const seconds = Math.floor(this.now() / 1000);
    const request = createPipelineRequest({
      method,
      url,
      ...(body === undefined ? {} : { body }),
      timeout: this.config.timeoutMs,
      streamResponseStatusCodes: new Set([Number.POSITIVE_INFINITY]),
      allowInsecureConnection: url.startsWith('http:'),
      headers: createHttpHeaders({
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...webhookHeaders(this.config.signingKeys, id, seconds, body ?? ''),
        ...(version === undefined ? {} : { 'dvo-version': String(version) }),
        ...(await this.headersFor(url)),
      }),
    });
    try {
      const response = await this.#http.sendRequest(request);
      const answer = {
        status: response.status,
        headers: response.headers,
        text: await beginningOf(response, maxAnswerBytes),
      };
      this.#assertClear(what, answer);
      return answer;
    } catch (error) {
      if (error instanceof OutboundError) throw error;
      throw new LobUnclear(what, `no answer came (${messageOf(error)})`, { cause: error });
    }
  }

  /** @throws LobUnclear where the request may have been carried out: whoever counts outages must not lose that */
  #assertClear(what: string, { status, headers }: TargetAnswer): void {
    // A relay's own 504: its listener had the request, and didn't answer in time. Of its others nothing was passed on.
    const isOfRelay = this.config.relay !== undefined && !headers.has('via');
    if (isOfRelay ? status === 504 : status === 408 || (status >= 500 && status !== 503))
      throw new LobUnclear(what, `it answered ${status}`, { cause: GONE.has(status) ? NOBODY_THERE : undefined });
  }

  /** Of a relay: nobody listens, which passes; or it doesn't take the credential. */
  #relayRefused(what: string, status: number): Error {
    if (status === 401 || status === 403) return new LobUnauthorized(what, status, 'Azure Relay');
    this.#waitUntilMs = Math.max(this.#waitUntilMs, this.now() + FIRST_PAUSE_MS);
    return this.#unavailable(this.#waitUntilMs, undefined);
  }

  #outcomeOf({ what, method }: Pick<TargetRequest, 'what' | 'method'>, response: TargetAnswer): TargetOutcome {
    const { status } = response;
    // What comes without it is the relay's own: https://learn.microsoft.com/azure/azure-relay/relay-hybrid-connections-protocol
    if (this.config.relay !== undefined && !response.headers.has('via')) throw this.#relayRefused(what, status);
    if (status >= 200 && status < 300) return 'done';
    if (status === 409 || status === 412) return 'superseded';
    if (method === 'DELETE' && (status === 404 || status === 410)) return 'done';
    if (status === 429 || status === 503) {
      const waitMs = Math.min(LONGEST_WAIT_MS, retryAfterMs(response, this.now()) ?? FIRST_PAUSE_MS);
      this.#waitUntilMs = Math.max(this.#waitUntilMs, this.now() + waitMs);
      throw this.#unavailable(this.#waitUntilMs, undefined);
    }
    if (status === 401 || status === 403) throw new LobUnauthorized(what, status);
    const text = status < 400 ? 'it redirects, and redirects are not followed' : response.text;
    throw new LobRefused(what, status, text);
  }
}

interface TargetAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** The beginning of its body. */
  readonly text: string;
}

/** The answer's text as far as anyone looks at it. */
async function beginningOf({ readableStreamBody }: PipelineResponse, maxBytes: number): Promise<string> {
  if (!(readableStreamBody instanceof Readable)) return '';
  const parts: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop destroys the stream.
  for await (const part of readableStreamBody) {
    parts.push(part as Buffer);
    bytes += (part as Buffer).byteLength;
    if (bytes > maxBytes) break;
  }
  return Buffer.concat(parts).toString();
}

/** Busy, or it doesn't take the credential: said of all requests, not of one. */
const BUSY_OR_SHUT = new Set([401, 403, 429, 503]);

const caught = (sending: Promise<TargetOutcome>): Promise<Sent> => sending.catch((error: unknown): Sent => ({ error }));

/** A request as an item of a bulk; its body is JSON already. */
const bulkItem = ({ id, method, url, version, body }: TargetRequest): string =>
  `${JSON.stringify({ id, method, url, version }).slice(0, -1)}${body === undefined ? '' : `,"body":${body}`}}`;

function* bulksOf(requests: readonly TargetRequest[]): Generator<readonly TargetRequest[]> {
  let bulk: TargetRequest[] = [];
  let bytes = 0;
  for (const request of requests) {
    const size = request.url.length + Buffer.byteLength(request.body ?? '');
    if (bulk.length === MAX_BULK || (bulk.length > 0 && bytes + size > MAX_BULK_BYTES)) {
      yield bulk;
      [bulk, bytes] = [[], 0];
    }
    bulk.push(request);
    bytes += size;
  }
  if (bulk.length > 0) yield bulk;
}

/** What a bulk request is answered with: an item for each of its requests. */
const bulkAnswerSchema = z.array(z.object({ id: z.string(), status: z.number().int(), text: z.string().optional() }));
type BulkAnswer = z.output<typeof bulkAnswerSchema>[number];

/** By the requests' ids; none where it isn't such an answer, so that nothing is known of any. */
function bulkAnswers(text: string): ReadonlyMap<string, BulkAnswer> {
  let answered: unknown;
  try {
    answered = JSON.parse(text);
  } catch {
    answered = undefined;
  }
  const { data = [] } = bulkAnswerSchema.safeParse(answered);
  return new Map(data.map((answer) => [answer.id, answer]));
}

/** Answers of gateways whose LOB system doesn't answer. */
const GONE = new Set([502, 504]);
const NOBODY_THERE = new Error('Nobody answers behind the gateway.');

/** No connection, no answer in time, or one that says that nobody is there. */
function answerOf(end: End<TargetAnswer>): Answer {
  if (end.kind === 'error') {
    const { error } = end;
    const cause = error instanceof LobUnclear ? error.cause : undefined;
    return cause === NOBODY_THERE || cause instanceof RestError || isTimeout(cause) ? 'down' : 'unclear';
  }
  return end.value.status === 503 ? 'down' : 'up';
}

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

/** https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
function retryAfterMs({ headers }: TargetAnswer, nowMs: number): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

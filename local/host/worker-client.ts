/** The host's side of the app's thread: starts it, has it run invocations, ends it when one takes too long, and starts it anew when it has died. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { InvocationRequest, InvocationResponse } from './core-api';
import type { Log } from './log';
import type { RegisteredFunction } from './worker';
import { threadOptions } from './worker-arguments';
import type { FromWorker, ToWorker } from './worker-thread';

/** So many deaths within the time end the host, as they end the real one. */
const MOST_DEATHS = 3;
const DEATHS_WITHIN_MS = 20_000;
const TERMINATE_LIMIT_MS = 3_000;

/** What the host works with. */
export interface WorkerClientOptions {
  readonly appDir: string;
  /** `functionTimeout` of host.json, in milliseconds; Infinity: none. */
  readonly functionTimeoutMs: number;
  /** Of the worker's Node, as the setting has them. @default as `threadOptions` says */
  readonly arguments: string | undefined;
  readonly log: Log;
  /** The app dies again and again. */
  readonly onGivenUp: () => void;
}

interface Loaded {
  readonly functions: readonly RegisteredFunction[];
  readonly httpUri: string | undefined;
}

interface Thread {
  readonly worker: Worker;
  readonly loaded: Promise<Loaded>;
  /** The invocations in it, and how they fail with it. */
  readonly running: Map<number, { resolve(response: InvocationResponse): void; reject(error: Error): void }>;
  terminated?: () => void;
}

/** The app in its thread. */
export class WorkerClient {
  #thread: Thread;
  #nextId = 0;
  #deaths: number[] = [];
  #stopping = false;
  /** Of the thread that was loaded last; undefined until one is. */
  #app: Loaded | undefined;

  constructor(private readonly options: WorkerClientOptions) {
    this.#thread = this.#start();
  }

  /**
   * What the app has registered.
   *
   * @throws Error if it can't be loaded
   */
  get loaded(): Promise<Loaded> {
    return this.#thread.loaded;
  }

  /**
   * Runs a function once, in a new thread if the last one has died.
   *
   * @throws what the handler or a hook threw, or that the thread has died or was ended for want of time
   */
  async invoke(request: InvocationRequest): Promise<InvocationResponse> {
    const thread = this.#thread;
    await thread.loaded;
    const id = this.#nextId++;
    const { functionTimeoutMs } = this.options;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        thread.running.set(id, { resolve, reject });
        if (Number.isFinite(functionTimeoutMs))
          timer = setTimeout(() => reject(this.#timedOut(thread, request)), functionTimeoutMs);
        thread.worker.postMessage({ kind: 'invoke', id, request } satisfies ToWorker);
      });
    } finally {
      clearTimeout(timer);
      thread.running.delete(id);
    }
  }

  /** Where the library serves HTTP itself, if the app has asked for HTTP streams. */
  get httpUri(): string | undefined {
    return this.#app?.httpUri;
  }

  /** Runs the app's appTerminate hooks and ends the thread. */
  async terminate(): Promise<void> {
    this.#stopping = true;
    const thread = this.#thread;
    const terminated = new Promise<void>((resolve) => (thread.terminated = resolve));
    thread.worker.postMessage({ kind: 'terminate' } satisfies ToWorker);
    await Promise.race([terminated, sleep(TERMINATE_LIMIT_MS, undefined, { ref: false })]);
    await thread.worker.terminate();
  }

  #start(): Thread {
    const worker = new Worker(join(__dirname, 'worker-thread.js'), threadOptions(this.options.arguments));
    const running: Thread['running'] = new Map();
    let cause: unknown;
    const loaded = new Promise<Loaded>((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'loaded') resolve((this.#app = message));
        else this.#take(thread, message);
      });
      worker.once('error', (error: unknown) => {
        cause = error;
      });
      worker.once('exit', (code) => {
        reject(cause instanceof Error ? cause : new Error(`The worker ended (${code}) before it had loaded the app.`));
        this.#ended(thread, cause ?? new Error(`The worker ended (${code}).`));
      });
    });
    loaded.catch(() => undefined);
    const thread: Thread = { worker, loaded, running };
    worker.postMessage({ kind: 'load', appDir: this.options.appDir } satisfies ToWorker);
    return thread;
  }

  #take(thread: Thread, message: Exclude<FromWorker, { kind: 'loaded' }>): void {
    switch (message.kind) {
      case 'log':
        this.options.log(message.record);
        return;
      case 'returned':
        return thread.running.get(message.id)?.resolve(message.response);
      case 'threw':
        return thread.running.get(message.id)?.reject(message.error);
      case 'terminated':
        return thread.terminated?.();
      default:
        return message satisfies never;
    }
  }

  /** Like the real host: the process goes, and what runs beside hangs in it until its own time is over. */
  #timedOut(thread: Thread, { functionId, invocationId }: InvocationRequest): Error {
    const message = `Timeout value of ${this.options.functionTimeoutMs / 1000} s exceeded by function 'Functions.${functionId}' (Id: '${invocationId}').`;
    this.#log(`${message} Initiating cancellation.`);
    if (thread === this.#thread) {
      this.#thread = this.#start();
      void thread.worker.terminate();
    }
    return new Error(message);
  }

  /** A thread has ended: by itself unless another one has taken its place. */
  #ended(thread: Thread, cause: unknown): void {
    if (thread !== this.#thread || this.#stopping || this.#app === undefined) return;
    this.#log(`The worker has ended: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
    for (const run of thread.running.values()) run.reject(new Error('The worker has ended.', { cause }));
    const now = performance.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS_WITHIN_MS), now];
    if (this.#deaths.length < MOST_DEATHS) this.#thread = this.#start();
    else this.options.onGivenUp();
  }

  #log(message: string): void {
    this.options.log({ level: 'critical', category: 'host', message });
  }
}

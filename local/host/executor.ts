/** Runs functions for the triggers: log lines around each run, the function's retry policy, and the wait for running ones at the end. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InvocationRequest, InvocationResponse, RetryContext, RetryOptions, TypedData } from './core-api';
import type { Log } from './log';
import type { RegisteredFunction } from './worker';

/** What a trigger hands to a function. */
export interface Delivery {
  readonly data: TypedData;
  readonly metadata: Readonly<Record<string, TypedData>>;
  /** Why it runs; part of the log line. */
  readonly reason: string;
  /** @default a new one */
  readonly invocationId?: string;
}

/** How a run ended; `cancelled` = the host stopped before the retry policy was exhausted. */
export type RunResult =
  | { readonly kind: 'succeeded'; readonly response: InvocationResponse }
  | { readonly kind: 'failed' | 'cancelled'; readonly error: unknown };

/** Where the app is. */
export interface Invoker {
  invoke(request: InvocationRequest): Promise<InvocationResponse>;
}

/** Runs the functions of one app. */
export class Executor {
  readonly #running = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();

  constructor(
    private readonly worker: Invoker,
    private readonly log: Log,
  ) {}

  /** Runs a function once, whatever its retry policy; never rejects. */
  run(target: RegisteredFunction, delivery: Delivery): Promise<RunResult> {
    return this.#track(this.#attempt(target, delivery));
  }

  /** Runs a function under its retry policy, if it has one; never rejects. */
  runWithRetry(target: RegisteredFunction, delivery: Delivery): Promise<RunResult> {
    return this.#track(this.#attempts(target, delivery));
  }

  /** A run that fails before it begins, since what came for it can't be taken. */
  refuse({ name }: RegisteredFunction, reason: string, cause: string): void {
    const about = { category: 'host', function: name, invocationId: randomUUID() } as const;
    const id = `Id=${about.invocationId}`;
    this.log({ ...about, level: 'information', message: `Executing 'Functions.${name}' (Reason='${reason}', ${id})` });
    this.log({ ...about, level: 'error', message: `Executed 'Functions.${name}' (Failed, ${id}): ${cause}` });
  }

  /** Ends pending retries and waits for what runs. Returns how many runs were still going when the time was over. */
  async drain(limitMs: number): Promise<number> {
    this.#stopping.abort();
    const limit = sleep(limitMs, undefined, { ref: false });
    // A run that ends may let its trigger begin a last one, so look again.
    while (this.#running.size > 0) {
      const state = await Promise.race([Promise.all(this.#running).then(() => 'ended'), limit.then(() => 'late')]);
      if (state === 'late') break;
    }
    return this.#running.size;
  }

  #track(run: Promise<RunResult>): Promise<RunResult> {
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
    return run;
  }

  async #attempts(target: RegisteredFunction, delivery: Delivery): Promise<RunResult> {
    const policy = target.metadata.retryOptions;
    if (policy === undefined) return this.#attempt(target, delivery);
    let retry: RetryContext = { retryCount: 0, maxRetryCount: policy.maxRetryCount };
    for (;;) {
      const result = await this.#attempt(target, delivery, retry);
      if (result.kind === 'succeeded') return result;
      if (policy.maxRetryCount !== -1 && retry.retryCount >= policy.maxRetryCount) return result;
      const retryCount = retry.retryCount + 1;
      retry = { ...retry, retryCount, exception: exceptionOf(result.error) };
      const seconds = delaySeconds(policy, retryCount);
      const message = `Waiting ${seconds} s before retry ${retryCount} of function '${target.name}'.`;
      this.log({ level: 'information', category: 'host', function: target.name, message });
      const woken = await sleep(seconds * 1000, true, { signal: this.#stopping.signal }).catch(() => false);
      if (!woken) return { kind: 'cancelled', error: result.error };
    }
  }

  async #attempt(target: RegisteredFunction, delivery: Delivery, retryContext?: RetryContext): Promise<RunResult> {
    const invocationId =
      (retryContext?.retryCount ?? 0) === 0 && delivery.invocationId ? delivery.invocationId : randomUUID();
    const about = { category: 'host', function: target.name, invocationId } as const;
    const started = performance.now();
    const duration = () => `Duration=${Math.round(performance.now() - started)}ms`;
    const name = `'Functions.${target.name}'`;
    this.log({
      ...about,
      level: 'information',
      message: `Executing ${name} (Reason='${delivery.reason}', Id=${invocationId})`,
    });
    try {
      const response = await this.worker.invoke({
        invocationId,
        functionId: target.metadata.functionId ?? target.name,
        inputData: [{ name: target.trigger.name ?? '', data: delivery.data }],
        triggerMetadata: delivery.metadata,
        traceContext: {
          traceParent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`,
          traceState: '',
          attributes: {},
        },
        ...(retryContext && { retryContext }),
      });
      for (const output of response.outputData ?? []) {
        const message = `Output '${output.name}' is dropped: this local host has no output bindings.`;
        this.log({ ...about, level: 'warning', message });
      }
      this.log({
        ...about,
        level: 'information',
        message: `Executed ${name} (Succeeded, Id=${invocationId}, ${duration()})`,
      });
      return { kind: 'succeeded', response };
    } catch (error) {
      const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.log({
        ...about,
        level: 'error',
        message: `Executed ${name} (Failed, Id=${invocationId}, ${duration()}): ${cause}`,
      });
      return { kind: 'failed', error };
    }
  }
}

/** Whole seconds: the library rounds a policy's durations before it hands them over. */
function delaySeconds(policy: RetryOptions, retryCount: number): number {
  if (policy.retryStrategy === 'fixedDelay') return policy.delayInterval?.seconds ?? 0;
  const grown = (policy.minimumInterval?.seconds ?? 0) * 2 ** (retryCount - 1);
  return Math.min(policy.maximumInterval?.seconds ?? grown, grown);
}

function exceptionOf(error: unknown): NonNullable<RetryContext['exception']> {
  return error instanceof Error
    ? { message: error.message, stackTrace: error.stack ?? '', source: '' }
    : { message: String(error), stackTrace: '', source: '' };
}

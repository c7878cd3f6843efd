/** The host of one app: loads it, prepares its triggers, listens, and stops in order. */
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareEventHub } from './event-hub';
import { Executor } from './executor';
import { readHostJson } from './host-json';
import { prepareHttp, startHttpServer, type HttpKeys, type HttpRoute } from './http';
import { underLock } from './listener-lock';
import { filteredLog, type Log } from './log';
import { prepareServiceBus } from './service-bus';
import { FunctionInError, Settings, hostBlobs } from './settings';
import { blobTimerMonitor, memoryTimerMonitor, prepareTimer } from './timer';
import type { Trigger, TriggerContext } from './trigger';
import type { RegisteredFunction } from './worker';
import { WorkerClient } from './worker-client';

/** What to host. */
export interface HostOptions {
  readonly appDir: string;
  /** The environment, with local.settings.json already under it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** 0 = a free one. */
  readonly port: number;
  readonly keys: HttpKeys;
  readonly write: Log;
  /** The app dies again and again. */
  readonly onGivenUp: () => void;
}

/** A running host. */
export interface Host {
  readonly url: string;
  readonly functions: readonly FunctionState[];
  /** Stops listening, waits for what runs, settles, runs the app's appTerminate hooks. Bounded in time. */
  stop(): Promise<void>;
}

/** A function of the app, and whether it listens. */
export interface FunctionState {
  readonly name: string;
  /** Such as `httpTrigger`. */
  readonly trigger: string;
  readonly state: 'running' | 'disabled' | 'inError';
  /** Of an HTTP function. */
  readonly url?: string;
  /** Of an HTTP function; empty = all. */
  readonly methods?: readonly string[];
}

/** How long a stop waits for running invocations, and then again for connections to close. */
const DRAIN_LIMIT_MS = 10_000;
const CLOSE_LIMIT_MS = 3_000;
const LONGEST_LISTENER_PAUSE_MS = 30_000;

/**
 * Starts a host and returns when its HTTP server and its listeners have started.
 *
 * @throws Error if the app can't be loaded, host.json is wrong, or the port is taken.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const { appDir, environment } = options;
  const hostJson = readHostJson(join(appDir, 'host.json'), environment);
  const log = filteredLog(hostJson.logging.logLevel, options.write);
  const { functionTimeout: functionTimeoutMs } = hostJson;
  const settings = new Settings(environment);
  const worker = new WorkerClient({
    ...{ appDir, functionTimeoutMs, log, onGivenUp: options.onGivenUp },
    arguments: settings.get('languageWorkers__node__arguments'),
  });
  const { functions } = await worker.loaded;
  const context: TriggerContext = { settings, hostJson, log, executor: new Executor(worker, log) };

  const prepare = preparers(context, environment);
  const routes: HttpRoute[] = [];
  const triggers = new Map<string, { readonly trigger: Trigger; readonly disabled: boolean }>();
  const states = functions.map((target): Omit<FunctionState, 'url'> => {
    const about = { name: target.name, trigger: target.trigger.type };
    const disabled = settings.isDisabled(target.name);
    if (disabled) log({ level: 'information', category: 'host', message: `Function '${target.name}' is disabled.` });
    try {
      warnOfBindings(target, log);
      if (target.trigger.type.toLowerCase() === 'httptrigger') {
        const route = prepareHttp(target, context);
        if (!disabled) routes.push(route);
        return { ...about, state: disabled ? 'disabled' : 'running', methods: route.methods };
      }
      triggers.set(target.name.toLowerCase(), { trigger: prepare(target), disabled });
      return { ...about, state: disabled ? 'disabled' : 'running' };
    } catch (error) {
      const message = `The '${target.name}' function is in error: ${error instanceof Error ? error.message : String(error)}`;
      if (!disabled) log({ level: 'error', category: 'host', function: target.name, message });
      return { ...about, state: disabled ? 'disabled' : 'inError' };
    }
  });

  // A disabled function still runs by hand: https://learn.microsoft.com/azure/azure-functions/disable-function#run-a-disabled-function
  const manual = new Map([...triggers].map(([name, { trigger }]) => [name, trigger]));
  const server = await startHttpServer({
    context,
    routes,
    manual,
    keys: options.keys,
    port: options.port,
    httpUri: () => worker.httpUri,
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stopping = new AbortController();
  const listening = [...triggers].filter(([, { disabled }]) => !disabled);
  await Promise.all(listening.map(([name, { trigger }]) => startListener(name, trigger, log, stopping.signal)));

  const active = listening.map(([, { trigger }]) => trigger);
  return {
    url,
    functions: states.map((state) => {
      const path = routes.find((route) => route.target.name === state.name)?.path;
      return path === undefined ? state : { ...state, url: `${url}/${path}` };
    }),
    async stop() {
      stopping.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      await within(CLOSE_LIMIT_MS, Promise.allSettled(active.map((trigger) => trigger.pause())));
      const late = await context.executor.drain(DRAIN_LIMIT_MS);
      if (late > 0)
        log({ level: 'warning', category: 'host', message: `Stopping while ${late} invocations still run.` });
      server.closeIdleConnections();
      await within(CLOSE_LIMIT_MS, Promise.allSettled([closed, ...active.map((trigger) => trigger.close())]));
      await worker.terminate();
    },
  };
}

/** The triggers other than HTTP, by type. */
function preparers(
  context: TriggerContext,
  environment: HostOptions['environment'],
): (target: RegisteredFunction) => Trigger {
  const storage = hostBlobs(context.settings);
  const hostId = environment.AzureFunctionsWebHost__hostid ?? 'local';
  const monitor = storage === undefined ? memoryTimerMonitor() : blobTimerMonitor(storage, hostId);
  return (target) => {
    switch (target.trigger.type.toLowerCase()) {
      case 'timertrigger':
        return underLock(prepareTimer(target, context, monitor), target.name, context, hostId);
      case 'servicebustrigger':
        return prepareServiceBus(target, context);
      case 'eventhubtrigger':
        return prepareEventHub(target, context);
      default:
        throw new FunctionInError(
          `This local host has no trigger of type '${target.trigger.type}'; the function isn't started.`,
        );
    }
  };
}

function warnOfBindings(target: RegisteredFunction, log: Log): void {
  for (const binding of Object.values(target.metadata.bindings)) {
    if (binding === target.trigger || binding.type.toLowerCase() === 'http') continue;
    const message = `Binding '${binding.type}' (${binding.direction}) of '${target.name}' is ignored: this local host has triggers only.`;
    log({ level: 'warning', category: 'host', function: target.name, message });
  }
}

/** Tries once, and then goes on in the background: a listener whose service is down must not hold the other functions up. */
async function startListener(
  name: string,
  trigger: Trigger,
  log: Log,
  signal: AbortSignal,
  pauseMs = 1_000,
): Promise<void> {
  try {
    await trigger.start();
  } catch (error) {
    const message = `The listener for function 'Functions.${name}' was unable to start, next try in ${pauseMs / 1000} s: ${String(error)}`;
    log({ level: 'error', category: 'host', function: name, message });
    void sleep(pauseMs, undefined, { signal, ref: false }).then(
      () => startListener(name, trigger, log, signal, Math.min(pauseMs * 2, LONGEST_LISTENER_PAUSE_MS)),
      () => undefined,
    );
  }
}

const within = (limitMs: number, work: Promise<unknown>) =>
  Promise.race([work, sleep(limitMs, undefined, { ref: false })]);

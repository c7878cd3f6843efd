/**
 * The Node worker's part: provides `@azure/functions-core`, loads the unmodified app, and runs single invocations in the real worker's order
 * (https://github.com/Azure/azure-functions-nodejs-worker). It runs in a thread of its own (worker-thread.ts).
 */
import { globSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type {
  Binding,
  CoreInvocationContext,
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  InvocationRequest,
  InvocationResponse,
  LogLevel,
  ProgrammingModel,
} from './core-api';
import type { Log, LogRecord } from './log';

/** A function the app registered. */
export interface RegisteredFunction {
  readonly name: string;
  readonly trigger: Binding;
  readonly metadata: FunctionMetadata;
}

interface LoadedFunction extends RegisteredFunction {
  readonly callback: FunctionCallback;
}

const HOOKS = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;
type HookName = (typeof HOOKS)[number];

const packageJson = z.object({ main: z.string(), type: z.string().optional() });

/** Capabilities of the real worker that change what the host sends. */
const CAPABILITIES = {
  RawHttpBodyBytes: 'true',
  RpcHttpTriggerMetadataRemoved: 'true',
  RpcHttpBodyOnly: 'true',
  UseNullableValueDictionaryForHttp: 'true',
  TypedDataCollection: 'true',
};

/** An error the library recognises as the platform's, not the app's. */
const systemError = (error: Error) => Object.assign(error, { isAzureFunctionsSystemError: true });

class Disposable {
  constructor(readonly dispose: () => void) {}
}

/** The worker of one app. There can be only one in a process: the app's modules are loaded once. */
export class Worker {
  readonly #functions = new Map<string, LoadedFunction>();
  readonly #hooks: Record<HookName, HookCallback[]> = {
    appStart: [],
    appTerminate: [],
    preInvocation: [],
    postInvocation: [],
    log: [],
  };
  readonly #appHookData = {};
  readonly #appLevelHookData = {};
  #model: ProgrammingModel | undefined;
  #capabilities: Record<string, string> = {};
  #locked = false;

  constructor(private readonly write: Log) {}

  /** The app's functions in name order, in which the real host matches routes. */
  get functions(): readonly RegisteredFunction[] {
    return [...this.#functions.values()]
      .map(({ name, trigger, metadata }) => ({ name, trigger, metadata }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Where the library serves HTTP itself, if the app has asked for HTTP streams. */
  get httpUri(): string | undefined {
    return this.#capabilities.HttpUri;
  }

  /**
   * Loads the app's entry points and runs its appStart hooks.
   *
   * @throws Error if package.json has no `main`, `main` matches no file, or a file throws.
   */
  async load(appDir: string): Promise<void> {
    this.#provideCoreModule();
    const manifest = packageJson.parse(JSON.parse(readFileSync(join(appDir, 'package.json'), 'utf8')));
    const files = globSync(manifest.main, { cwd: appDir });
    if (files.length === 0) {
      throw new Error(
        `Worker was unable to load entry point "${manifest.main}": found no file that matches. Is the app built?`,
      );
    }
    const load = createRequire(join(appDir, 'package.json'));
    for (const file of files) {
      const path = join(appDir, file);
      const isEsModule = file.endsWith('.mjs') || (manifest.type === 'module' && !file.endsWith('.cjs'));
      try {
        if (isEsModule) await import(pathToFileURL(path).href);
        else load(path);
      } catch (error) {
        throw new Error(`Worker was unable to load entry point "${file}".`, { cause: error });
      }
    }
    await this.#runHooks('appStart', { ...this.#appHooks(), functionAppDirectory: appDir });
    this.#locked = true;
    // Also locks the library's own set-up, so it is due even if nobody reads the answer.
    this.#capabilities = (await this.#model?.getCapabilities({ ...CAPABILITIES })) ?? {};
  }

  /**
   * Runs a function once.
   *
   * @throws what the handler or a hook threw.
   */
  async invoke(request: InvocationRequest): Promise<InvocationResponse> {
    const { functionId, invocationId } = request;
    const target = this.#functions.get(functionId);
    if (this.#model === undefined || target === undefined) throw new Error(`The app has no function "${functionId}".`);
    const { metadata } = target;
    const known: { context?: object } = {};
    const core: CoreInvocationContext = {
      invocationId,
      request,
      metadata,
      log: (level, category, message) =>
        this.#log({ level, category, function: metadata.name, invocationId, message }, known.context),
    };
    const model = this.#model.getInvocationModel(core);
    const { context, inputs } = await model.getArguments();
    known.context = context;

    const shared = { hookData: {}, appHookData: this.#appHookData, invocationContext: context };
    const before = { ...shared, functionCallback: target.callback, inputs };
    core.state = 'preInvocationHooks';
    await this.#runHooks('preInvocation', before);

    const after: { result: unknown; error: unknown } = { result: null, error: null };
    const post = Object.assign(after, shared, { inputs: before.inputs });
    core.state = 'invocation';
    try {
      post.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (error) {
      post.error = error ?? new Error('The function threw nothing.');
    }
    core.state = 'postInvocationHooks';
    await this.#runHooks('postInvocation', post);
    delete core.state;
    // A hook may have replaced either.
    if (post.error !== null && post.error !== undefined) throw post.error as Error;
    return model.getResponse(context, post.result);
  }

  /** Runs the app's appTerminate hooks. */
  async terminate(): Promise<void> {
    await this.#runHooks('appTerminate', this.#appHooks());
  }

  /**
   * The library calls `require('@azure/functions-core')`, a module that exists in no folder. A hook of the loader is the one way that works for
   * CommonJS, ES modules and bundles alike; an entry in `require.cache` doesn't, for the name can't be resolved.
   */
  #provideCoreModule(): void {
    const loader = Module as unknown as { _load(request: string, ...rest: unknown[]): unknown };
    const original = loader._load.bind(loader);
    const api = this.#coreApi();
    loader._load = (request, ...rest) => (request === '@azure/functions-core' ? api : original(request, ...rest));
  }

  #coreApi(): object {
    return {
      version: '3.14.1',
      hostVersion: '4.1052.0',
      Disposable,
      registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) => this.#register(metadata, callback),
      registerHook: (name: string, callback: HookCallback) => {
        const known = HOOKS.find((hook) => hook === name);
        if (known === undefined) throw systemError(new RangeError(`Unrecognized hook "${name}"`));
        this.#hooks[known].push(callback);
        return new Disposable(() => (this.#hooks[known] = this.#hooks[known].filter((hook) => hook !== callback)));
      },
      setProgrammingModel: (model: ProgrammingModel) => (this.#model = model),
      getProgrammingModel: () => this.#model,
      log: (level: LogLevel, category: 'user' | 'system', message: string) => this.#log({ level, category, message }),
    };
  }

  #register(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    if (this.#locked) throw systemError(new Error('A function can only be registered during app startup.'));
    const functionId = metadata.functionId ?? metadata.name;
    if (this.#functions.has(functionId))
      throw systemError(new Error(`A function with id "${functionId}" has already been registered.`));
    const trigger = Object.values(metadata.bindings).find((binding) => /trigger$/i.test(binding.type));
    if (trigger === undefined) throw systemError(new Error(`Function "${metadata.name}" has no trigger.`));
    this.#functions.set(functionId, { name: metadata.name, trigger, metadata: { ...metadata, functionId }, callback });
    return new Disposable(() => this.#functions.delete(functionId));
  }

  /** A log hook may change a record's level and message, as in the real worker. */
  #log(record: LogRecord, invocationContext?: object): void {
    const context = { ...this.#appHooks(), ...record, invocationContext };
    for (const hook of this.#hooks.log) hook(context);
    this.write({ ...record, level: context.level, message: context.message });
  }

  #appHooks() {
    return { hookData: this.#appLevelHookData, appHookData: this.#appHookData };
  }

  async #runHooks(name: HookName, context: object): Promise<void> {
    for (const hook of this.#hooks[name]) await hook(context);
  }
}

"use strict";
var __createBinding = (this && this.__createBinding) || (Object.create ? (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    var desc = Object.getOwnPropertyDescriptor(m, k);
    if (!desc || ("get" in desc ? !m.__esModule : desc.writable || desc.configurable)) {
      desc = { enumerable: true, get: function() { return m[k]; } };
    }
    Object.defineProperty(o, k2, desc);
}) : (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    o[k2] = m[k];
}));
var __setModuleDefault = (this && this.__setModuleDefault) || (Object.create ? (function(o, v) {
    Object.defineProperty(o, "default", { enumerable: true, value: v });
}) : function(o, v) {
    o["default"] = v;
});
var __importStar = (this && this.__importStar) || (function () {
    var ownKeys = function(o) {
        ownKeys = Object.getOwnPropertyNames || function (o) {
            var ar = [];
            for (var k in o) if (Object.prototype.hasOwnProperty.call(o, k)) ar[ar.length] = k;
            return ar;
        };
        return ownKeys(o);
    };
    return function (mod) {
        if (mod && mod.__esModule) return mod;
        var result = {};
        if (mod != null) for (var k = ownKeys(mod), i = 0; i < k.length; i++) if (k[i] !== "default") __createBinding(result, mod, k[i]);
        __setModuleDefault(result, mod);
        return result;
    };
})();
Object.defineProperty(exports, "__esModule", { value: true });
exports.Worker = void 0;
/**
 * The Node worker's part: provides `@azure/functions-core`, loads the unmodified app, and runs single invocations in the real worker's order
 * (https://github.com/Azure/azure-functions-nodejs-worker).
 */
const node_fs_1 = require("node:fs");
const node_module_1 = __importStar(require("node:module"));
const node_path_1 = require("node:path");
const node_url_1 = require("node:url");
const zod_1 = require("zod");
const HOOKS = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'];
const packageJson = zod_1.z.object({ main: zod_1.z.string(), type: zod_1.z.string().optional() });
/** Capabilities of the real worker that change what the host sends. */
const CAPABILITIES = {
    RawHttpBodyBytes: 'true',
    RpcHttpTriggerMetadataRemoved: 'true',
    RpcHttpBodyOnly: 'true',
    UseNullableValueDictionaryForHttp: 'true',
    TypedDataCollection: 'true',
};
/** An error the library recognises as the platform's, not the app's. */
const systemError = (error) => Object.assign(error, { isAzureFunctionsSystemError: true });
class Disposable {
    dispose;
    constructor(dispose) {
        this.dispose = dispose;
    }
}
/** The worker of one app. There can be only one in a process: the app's modules are loaded once. */
class Worker {
    write;
    #functions = new Map();
    #hooks = {
        appStart: [],
        appTerminate: [],
        preInvocation: [],
        postInvocation: [],
        log: [],
    };
    #appHookData = {};
    #appLevelHookData = {};
    #model;
    #capabilities = {};
    #locked = false;
    constructor(write) {
        this.write = write;
    }
    /** The app's functions in name order, in which the real host matches routes. */
    get functions() {
        return [...this.#functions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    }
    /** Where the library serves HTTP itself, if the app has asked for HTTP streams. */
    get httpUri() {
        return this.#capabilities.HttpUri;
    }
    /**
     * Loads the app's entry points and runs its appStart hooks.
     *
     * @throws Error if package.json has no `main`, `main` matches no file, or a file throws.
     */
    async load(appDir) {
        this.#provideCoreModule();
        const manifest = packageJson.parse(JSON.parse((0, node_fs_1.readFileSync)((0, node_path_1.join)(appDir, 'package.json'), 'utf8')));
        const files = (0, node_fs_1.globSync)(manifest.main, { cwd: appDir }).sort();
        if (files.length === 0) {
            throw new Error(`Worker was unable to load entry point "${manifest.main}": found no file that matches. Is the app built?`);
        }
        const load = (0, node_module_1.createRequire)((0, node_path_1.join)(appDir, 'package.json'));
        for (const file of files) {
            const path = (0, node_path_1.join)(appDir, file);
            const isEsModule = file.endsWith('.mjs') || (manifest.type === 'module' && !file.endsWith('.cjs'));
            try {
                if (isEsModule)
                    await import((0, node_url_1.pathToFileURL)(path).href);
                else
                    load(path);
            }
            catch (error) {
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
    async invoke(target, request) {
        if (this.#model === undefined)
            throw new Error('The app has registered no programming model.');
        const { metadata } = target;
        const { invocationId } = request;
        const known = {};
        const core = {
            invocationId,
            request,
            metadata,
            log: (level, category, message) => this.#log({ level, category, function: metadata.name, invocationId, message }, known.context),
        };
        const model = this.#model.getInvocationModel(core);
        const { context, inputs } = await model.getArguments();
        known.context = context;
        const shared = { hookData: {}, appHookData: this.#appHookData, invocationContext: context };
        const before = { ...shared, functionCallback: target.callback, inputs };
        core.state = 'preInvocationHooks';
        await this.#runHooks('preInvocation', before);
        const after = { result: null, error: null };
        const post = Object.assign(after, shared, { inputs: before.inputs });
        core.state = 'invocation';
        try {
            post.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
        }
        catch (error) {
            post.error = error ?? new Error('The function threw nothing.');
        }
        core.state = 'postInvocationHooks';
        await this.#runHooks('postInvocation', post);
        delete core.state;
        // A hook may have replaced either.
        if (post.error !== null && post.error !== undefined)
            throw post.error;
        return model.getResponse(context, post.result);
    }
    /** Runs the app's appTerminate hooks. */
    async terminate() {
        await this.#runHooks('appTerminate', this.#appHooks());
    }
    /**
     * The library calls `require('@azure/functions-core')`, a module that exists in no folder. A hook of the loader is the one way that works for
     * CommonJS, ES modules and bundles alike; an entry in `require.cache` doesn't, for the name can't be resolved.
     */
    #provideCoreModule() {
        const loader = node_module_1.default;
        const original = loader._load.bind(loader);
        const api = this.#coreApi();
        loader._load = (request, ...rest) => (request === '@azure/functions-core' ? api : original(request, ...rest));
    }
    #coreApi() {
        return {
            version: '3.14.1',
            hostVersion: '4.1052.0',
            Disposable,
            registerFunction: (metadata, callback) => this.#register(metadata, callback),
            registerHook: (name, callback) => {
                const known = HOOKS.find((hook) => hook === name);
                if (known === undefined)
                    throw systemError(new RangeError(`Unrecognized hook "${name}"`));
                this.#hooks[known].push(callback);
                return new Disposable(() => (this.#hooks[known] = this.#hooks[known].filter((hook) => hook !== callback)));
            },
            setProgrammingModel: (model) => (this.#model = model),
            getProgrammingModel: () => this.#model,
            log: (level, category, message) => this.#log({ level, category, message }),
        };
    }
    #register(metadata, callback) {
        if (this.#locked)
            throw systemError(new Error('A function can only be registered during app startup.'));
        const functionId = metadata.functionId ?? metadata.name;
        if (this.#functions.has(functionId))
            throw systemError(new Error(`A function with id "${functionId}" has already been registered.`));
        const trigger = Object.values(metadata.bindings).find((binding) => /trigger$/i.test(binding.type));
        if (trigger === undefined)
            throw systemError(new Error(`Function "${metadata.name}" has no trigger.`));
        this.#functions.set(functionId, { name: metadata.name, trigger, metadata: { ...metadata, functionId }, callback });
        return new Disposable(() => this.#functions.delete(functionId));
    }
    /** A log hook may change a record's level and message, as in the real worker. */
    #log(record, invocationContext) {
        const context = { ...this.#appHooks(), ...record, invocationContext };
        for (const hook of this.#hooks.log)
            hook(context);
        this.write({ ...record, level: context.level, message: context.message });
    }
    #appHooks() {
        return { hookData: this.#appLevelHookData, appHookData: this.#appHookData };
    }
    async #runHooks(name, context) {
        for (const hook of this.#hooks[name])
            await hook(context);
    }
}
exports.Worker = Worker;
//# sourceMappingURL=worker.js.map
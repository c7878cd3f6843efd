"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.startHost = startHost;
/** The host of one app: loads it, prepares its triggers, listens, and stops in order. */
const node_path_1 = require("node:path");
const promises_1 = require("node:timers/promises");
const event_hub_1 = require("./event-hub");
const executor_1 = require("./executor");
const host_json_1 = require("./host-json");
const http_1 = require("./http");
const log_1 = require("./log");
const service_bus_1 = require("./service-bus");
const settings_1 = require("./settings");
const timer_1 = require("./timer");
const timer_monitor_1 = require("./timer-monitor");
const worker_1 = require("./worker");
/** How long a stop waits for running invocations, and then again for connections to close. */
const DRAIN_LIMIT_MS = 10_000;
const CLOSE_LIMIT_MS = 3_000;
const LONGEST_LISTENER_PAUSE_MS = 30_000;
/**
 * Starts a host and returns when its HTTP server and its listeners have started.
 *
 * @throws Error if the app can't be loaded, host.json is wrong, or the port is taken.
 */
async function startHost(options) {
    const { appDir, environment } = options;
    const hostJson = (0, host_json_1.readHostJson)((0, node_path_1.join)(appDir, 'host.json'), environment);
    const log = (0, log_1.filteredLog)(hostJson.logging.logLevel, options.write);
    const worker = new worker_1.Worker(log);
    await worker.load(appDir);
    const settings = new settings_1.Settings(environment);
    const context = { settings, hostJson, log, executor: new executor_1.Executor(worker, log) };
    const prepare = preparers(context, environment);
    const routes = [];
    const triggers = new Map();
    const states = worker.functions.map((target) => {
        const about = { name: target.name, trigger: target.trigger.type };
        const disabled = settings.isDisabled(target.name);
        if (disabled)
            log({ level: 'information', category: 'host', message: `Function '${target.name}' is disabled.` });
        try {
            warnOfBindings(target, log);
            if (target.trigger.type.toLowerCase() === 'httptrigger') {
                const route = (0, http_1.prepareHttp)(target, context);
                if (!disabled)
                    routes.push(route);
                return { ...about, state: disabled ? 'disabled' : 'running', methods: route.methods };
            }
            triggers.set(target.name.toLowerCase(), { trigger: prepare(target), disabled });
            return { ...about, state: disabled ? 'disabled' : 'running' };
        }
        catch (error) {
            const message = `The '${target.name}' function is in error: ${error instanceof Error ? error.message : String(error)}`;
            if (!disabled)
                log({ level: 'error', category: 'host', function: target.name, message });
            return { ...about, state: disabled ? 'disabled' : 'inError' };
        }
    });
    // A disabled function still runs by hand: https://learn.microsoft.com/azure/azure-functions/disable-function#run-a-disabled-function
    const manual = new Map([...triggers].map(([name, { trigger }]) => [name, trigger]));
    const server = await (0, http_1.startHttpServer)({
        context,
        routes,
        manual,
        keys: options.keys,
        port: options.port,
        httpUri: worker.httpUri,
    });
    const url = `http://127.0.0.1:${server.address().port}`;
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
function preparers(context, environment) {
    const storage = context.settings.get('AzureWebJobsStorage');
    const hostId = environment.AzureFunctionsWebHost__hostid ?? 'local';
    const monitor = storage === undefined ? (0, timer_monitor_1.memoryTimerMonitor)() : (0, timer_monitor_1.blobTimerMonitor)(storage, hostId);
    return (target) => {
        switch (target.trigger.type.toLowerCase()) {
            case 'timertrigger':
                return (0, timer_1.prepareTimer)(target, context, monitor);
            case 'servicebustrigger':
                return (0, service_bus_1.prepareServiceBus)(target, context);
            case 'eventhubtrigger':
                return (0, event_hub_1.prepareEventHub)(target, context);
            default:
                throw new settings_1.FunctionInError(`This local host has no trigger of type '${target.trigger.type}'; the function isn't started.`);
        }
    };
}
function warnOfBindings(target, log) {
    for (const binding of Object.values(target.metadata.bindings)) {
        if (binding === target.trigger || binding.type.toLowerCase() === 'http')
            continue;
        const message = `Binding '${binding.type}' (${binding.direction}) of '${target.name}' is ignored: this local host has triggers only.`;
        log({ level: 'warning', category: 'host', function: target.name, message });
    }
}
/** Tries once, and then goes on in the background: a listener whose service is down must not hold the other functions up. */
async function startListener(name, trigger, log, signal, pauseMs = 1_000) {
    try {
        await trigger.start();
    }
    catch (error) {
        const message = `The listener for function 'Functions.${name}' was unable to start, next try in ${pauseMs / 1000} s: ${String(error)}`;
        log({ level: 'error', category: 'host', function: name, message });
        void (0, promises_1.setTimeout)(pauseMs, undefined, { signal, ref: false }).then(() => startListener(name, trigger, log, signal, Math.min(pauseMs * 2, LONGEST_LISTENER_PAUSE_MS)), () => undefined);
    }
}
const within = (limitMs, work) => Promise.race([work, (0, promises_1.setTimeout)(limitMs, undefined, { ref: false })]);
//# sourceMappingURL=host.js.map
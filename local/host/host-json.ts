/** host.json: the options this host honours, with the real host's defaults. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { z } from 'zod';

/** `hh:mm:ss` or `d.hh:mm:ss`, as .NET writes a TimeSpan, in milliseconds. */
const timeSpan = z.string().transform((text, context) => {
  const [, days = '0', hours, minutes, seconds] = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(text) ?? [];
  if (seconds === undefined) context.addIssue(`'${text}' isn't a time span (hh:mm:ss).`);
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
});

/** The real default has no upper bound; on one machine more than this only makes long queues. */
const MOST_DEFAULT_CALLS = 128;

const hostJson = z.object({
  /** -1 = none. https://learn.microsoft.com/azure/azure-functions/functions-host-json#functiontimeout */
  functionTimeout: z
    .literal('-1')
    .transform(() => Infinity)
    .or(timeSpan)
    .prefault('00:30:00'),
  /** https://learn.microsoft.com/azure/azure-functions/functions-host-json#singleton */
  singleton: z
    .object({
      listenerLockPeriod: timeSpan.prefault('00:01:00'),
      listenerLockRecoveryPollingInterval: timeSpan.prefault('00:01:00'),
    })
    .prefault({}),
  logging: z.object({ logLevel: z.record(z.string(), z.string()).default({}) }).prefault({}),
  extensions: z
    .object({
      http: z.object({ routePrefix: z.string().default('api') }).prefault({}),
      /** https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus#hostjson-settings */
      serviceBus: z
        .object({
          autoCompleteMessages: z.boolean().default(true),
          maxAutoLockRenewalDuration: timeSpan.prefault('00:05:00'),
          maxConcurrentCalls: z.coerce
            .number()
            .int()
            .min(1)
            .default(Math.min(16 * availableParallelism(), MOST_DEFAULT_CALLS)),
          maxConcurrentSessions: z.coerce.number().int().min(1).default(8),
          maxMessageBatchSize: z.coerce.number().int().min(1).default(1000),
          sessionIdleTimeout: timeSpan.prefault('00:01:00'),
        })
        .prefault({}),
      /** https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs#hostjson-settings */
      eventHubs: z
        .object({
          maxEventBatchSize: z.coerce.number().int().min(1).default(100),
          batchCheckpointFrequency: z.coerce.number().int().min(1).default(1),
          prefetchCount: z.coerce.number().int().min(1).default(300),
          initialOffsetOptions: z
            .object({ type: z.string().default('fromStart'), enqueuedTimeUtc: z.string().optional() })
            .prefault({}),
        })
        .prefault({}),
    })
    .prefault({}),
});

/** host.json with its defaults filled in. */
export type HostJson = z.output<typeof hostJson>;

const OVERRIDE_PREFIX = 'AzureFunctionsJobHost__';

/**
 * Reads host.json, under overrides from settings such as `AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls`
 * (https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values).
 *
 * @throws Error naming the wrong option.
 */
export function readHostJson(file: string, environment: Readonly<Record<string, string | undefined>>): HostJson {
  const json: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  for (const [name, value] of Object.entries(environment)) {
    if (name.startsWith(OVERRIDE_PREFIX)) override(json, name.slice(OVERRIDE_PREFIX.length).split('__'), value);
  }
  const parsed = hostJson.safeParse(json);
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function override(target: unknown, [key = '', ...rest]: readonly string[], value: string | undefined): void {
  if (typeof target !== 'object' || target === null) return;
  const entries = target as Record<string, unknown>;
  if (rest.length === 0) entries[key] = value === 'true' ? true : value === 'false' ? false : value;
  else override((entries[key] ??= {}), rest, value);
}

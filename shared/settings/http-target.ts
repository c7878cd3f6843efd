import * as z from 'zod';
import type { Environment, Found } from './environment';

/** As whom the LOB system is called, besides the signature. */
export type HttpAuth =
  | { readonly kind: 'none' }
  /** A token of Entra ID for a scope: of the app's identity, or of an app registration. */
  | {
      readonly kind: 'bearer';
      readonly scope: string;
      readonly registration?: { readonly tenantId: string; readonly clientId: string; readonly secret: string };
    }
  | { readonly kind: 'header'; readonly name: string; readonly value: string };

/** As whom Azure Relay is asked, where the LOB system is behind a hybrid connection. */
export type RelayAuth =
  { readonly kind: 'identity' } | { readonly kind: 'key'; readonly rule: string; readonly key: string };

/** A LOB system's REST interface. */
export interface HttpTargetConfig {
  /** Address of a row, with `{table}` and `{key}`. */
  readonly url: string;
  /** Address of a link, with `{relationship}`, `{id1}` and `{id2}`; undefined: links can't be stored. */
  readonly linkUrl?: string;
  /** Address that events are posted to, with `{event}`; undefined: events can't be stored. */
  readonly eventUrl?: string;
  /** Address that several requests are posted to as one; undefined: each goes alone. */
  readonly bulkUrl?: string;
  readonly method: 'PUT' | 'POST';
  /** Of a request with only the columns that changed. */
  readonly patchMethod: 'PATCH' | 'PUT' | 'POST';
  /** Secrets of Standard Webhooks; the first is the newest. */
  readonly signingKeys: readonly Uint8Array[];
  readonly auth: HttpAuth;
  /** Undefined: it is reached without a relay. */
  readonly relay?: RelayAuth;
  readonly concurrency: number;
  /** For one request. */
  readonly timeoutMs: number;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** An address with each of these placeholders, which stand in its path or query; https, or http on this machine. */
const template = (...placeholders: readonly string[]) =>
  z.string().superRefine((text, context) => {
    const message = faultOf(text, placeholders);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

function faultOf(text: string, placeholders: readonly string[]): string | undefined {
  const missing = placeholders.filter((name) => !text.includes(`{${name}}`));
  if (missing.length > 0) return `must hold ${missing.map((name) => `{${name}}`).join(' and ')}`;
  const filled = placeholders.reduce((rest, name) => rest.replaceAll(`{${name}}`, 'x'), text);
  const url = URL.parse(filled);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (url === null || !isSafe || !text.startsWith(url.origin))
    return 'must be an https address such as https://erp.contoso.com/api/{table}/{key}';
  if (/[{}]/.test(filled))
    return `must hold ${placeholders.length === 0 ? 'no placeholder' : `no other placeholder than ${placeholders.join(', ')}`}`;
  return url.username === '' && url.password === '' ? undefined : 'must not hold a user or a password';
}

/** `whsec_` and base64 of 24 to 64 bytes. */
const signingKey = z.string().transform((text, context) => {
  const bytes = Buffer.from(text.replace(/^whsec_/, ''), 'base64');
  if (text.startsWith('whsec_') && bytes.byteLength >= 24 && bytes.byteLength <= 64) return new Uint8Array(bytes);
  context.addIssue({
    code: 'custom',
    message: 'must hold keys of 24 to 64 bytes as whsec_ and base64: echo "whsec_$(openssl rand -base64 32)" makes one',
  });
  return z.NEVER;
});

const whole = (least: number, most: number, fallback: number) =>
  z.coerce
    .number({ error: 'must be a whole number' })
    .int('must be a whole number')
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`)
    .default(fallback);

const schema = z
  .object({
    url: template('table', 'key'),
    linkUrl: template('relationship', 'id1', 'id2').optional(),
    eventUrl: template('event').optional(),
    bulkUrl: template().optional(),
    method: z.enum(['PUT', 'POST'], { error: 'must be one of PUT, POST' }).default('PUT'),
    patchMethod: z.enum(['PATCH', 'PUT', 'POST'], { error: 'must be one of PATCH, PUT, POST' }).default('PATCH'),
    signingKeys: z
      .string()
      .transform((text) => text.split(/[\s,]+/).filter((key) => key !== ''))
      .pipe(z.array(signingKey))
      .default([]),
    scope: z.string().optional(),
    tenantId: z.string().optional(),
    clientId: z.string().optional(),
    clientSecret: z.string().optional(),
    headerName: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be a header name')
      .optional(),
    headerValue: z.string().optional(),
    relay: z.enum(['identity', 'key'], { error: 'must be one of identity, key' }).optional(),
    relayKeyName: z.string().optional(),
    relayKey: z.string().optional(),
    concurrency: whole(1, 256, 8),
    timeoutSeconds: whole(1, 10, 10),
  })
  .superRefine((values, context) => {
    const together = (...names: readonly (keyof typeof values)[]) => {
      const missing = names.filter((name) => values[name] === undefined);
      if (missing.length > 0 && missing.length < names.length)
        for (const name of missing)
          context.addIssue({
            code: 'custom',
            path: [name],
            message: `is missing: it goes with ${names
              .filter((other) => other !== name)
              .map((other) => `LOB_HTTP__${other}`)
              .join(', ')}`,
          });
    };
    together('headerName', 'headerValue');
    together('tenantId', 'clientId', 'clientSecret');
    together('relayKeyName', 'relayKey');
    if (values.relay === 'key' && values.relayKey === undefined)
      context.addIssue({ code: 'custom', path: ['relayKey'], message: 'is missing: LOB_HTTP__relay=key needs it' });
  });

const PREFIX = 'LOB_HTTP__';

/** `LOB_HTTP__…`. */
export function readHttpTarget(environment: Environment): Found<HttpTargetConfig> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => {
      const value = environment[PREFIX + name]?.trim() ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );
  if (given.url === undefined)
    return { faults: [`${PREFIX}url is missing: LOB_STORE=http needs the address of a row, with {table} and {key}`] };
  const parsed = schema.safeParse(given);
  if (!parsed.success)
    return {
      faults: [...new Set(parsed.error.issues.map(({ path, message }) => `${PREFIX}${String(path[0])} ${message}`))],
    };
  const { url, linkUrl, eventUrl, bulkUrl, method, patchMethod, signingKeys, concurrency, timeoutSeconds } =
    parsed.data;
  const relay = relayOf(parsed.data);
  return {
    value: {
      url,
      ...(linkUrl === undefined ? {} : { linkUrl }),
      ...(eventUrl === undefined ? {} : { eventUrl }),
      ...(bulkUrl === undefined ? {} : { bulkUrl }),
      method,
      patchMethod,
      signingKeys,
      auth: authOf(parsed.data),
      ...(relay === undefined ? {} : { relay }),
      concurrency,
      timeoutMs: timeoutSeconds * 1000,
    },
    faults: [],
  };
}

type Parsed = z.output<typeof schema>;

function relayOf({ relay, relayKeyName: rule, relayKey: key }: Parsed): RelayAuth | undefined {
  if (relay === 'identity') return { kind: 'identity' };
  return rule === undefined || key === undefined ? undefined : { kind: 'key', rule, key };
}

function authOf({ scope, tenantId, clientId, clientSecret, headerName, headerValue }: Parsed): HttpAuth {
  if (headerName !== undefined && headerValue !== undefined)
    return { kind: 'header', name: headerName, value: headerValue };
  if (scope === undefined) return { kind: 'none' };
  if (tenantId === undefined || clientId === undefined || clientSecret === undefined) return { kind: 'bearer', scope };
  return { kind: 'bearer', scope, registration: { tenantId, clientId, secret: clientSecret } };
}

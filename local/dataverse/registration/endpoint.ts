import type { ContextForm } from '../events/execution-context';
import { AUTH_TYPE, CONTRACT, MESSAGE_FORMAT } from './registration-tables';
import type { Columns } from '../rows/value';

/** How a webhook shows its key. */
export type WebhookAuth =
  | { readonly kind: 'none' }
  /** `?code=<value>`, as Azure Functions expects it. */
  | { readonly kind: 'key'; readonly value: string }
  | { readonly kind: 'headers'; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'query'; readonly values: Readonly<Record<string, string>> };

/** Where events are posted to. */
export type Endpoint =
  | {
      readonly kind: 'webhook';
      readonly id: string;
      readonly name: string;
      readonly url: string;
      readonly auth: WebhookAuth;
    }
  | {
      readonly kind: 'queue' | 'topic' | 'eventHub';
      readonly id: string;
      readonly name: string;
      readonly connectionString: string;
      /** Name of the queue, topic or event hub. */
      readonly path: string;
      readonly form: ContextForm;
    };

const KINDS = {
  [CONTRACT.queue]: 'queue',
  [CONTRACT.persistentQueue]: 'queue',
  [CONTRACT.topic]: 'topic',
  [CONTRACT.eventHub]: 'eventHub',
} as const;

const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&quot;': '"', '&lt;': '<', '&gt;': '>' };

/** Headers or query parameters as `authvalue` keeps them: `<settings><setting name="k" value="v" /></settings>`. */
function readSettings(text: string): Record<string, string> {
  // All at once: what comes of one entity is no part of another.
  const unescape = (escaped: string): string => escaped.replace(/&\w+;/g, (entity) => ENTITIES[entity] ?? entity);
  const found = text.matchAll(/<setting\s+name="([^"]*)"\s+value="([^"]*)"/g);
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [unescape(name), unescape(value)]));
}

function webhookAuth(type: unknown, value: string | undefined): WebhookAuth {
  if (value === undefined) return { kind: 'none' };
  switch (type) {
    case AUTH_TYPE.webhookKey:
      return { kind: 'key', value };
    case AUTH_TYPE.httpHeader:
      return { kind: 'headers', values: readSettings(value) };
    case AUTH_TYPE.httpQueryString:
      return { kind: 'query', values: readSettings(value) };
    default:
      return { kind: 'none' };
  }
}

/** The connection string of a bus endpoint: given as such, or made of the namespace and its key or token. */
function connectionString(row: Columns, text: (name: string) => string): string {
  if (row.authtype === AUTH_TYPE.connectionString) return text('authvalue');
  const address = text('namespaceaddress').replace(/\/?$/, '/');
  // Without it the clients speak TLS.
  const local = /\/\/(localhost|127\.0\.0\.1)[:/]/.test(address) ? ';UseDevelopmentEmulator=true' : '';
  const secret =
    row.authtype === AUTH_TYPE.sasToken
      ? `SharedAccessSignature=${text('sastoken')}`
      : `SharedAccessKeyName=${text('saskeyname')};SharedAccessKey=${text('saskey')}`;
  return `Endpoint=${address};${secret}${local}`;
}

/** The form that an endpoint asks for; without one the documented default, which event hubs don't take. */
function formOf(kind: 'queue' | 'topic' | 'eventHub', format: unknown): ContextForm {
  switch (format) {
    case MESSAGE_FORMAT.json:
      return 'json';
    case MESSAGE_FORMAT.textXml:
      return 'xml';
    default:
      return kind === 'eventHub' ? 'json' : 'binary';
  }
}

/** Reads an endpoint out of its row; undefined when its contract is not one of the four that can be posted to here. */
export function endpointOf(id: string, row: Columns): Endpoint | undefined {
  const text = (name: string): string | undefined => {
    const value = row[name];
    return typeof value === 'string' ? value : undefined;
  };
  const name = text('name') ?? id;
  if (row.contract === CONTRACT.webhook) {
    return { kind: 'webhook', id, name, url: text('url') ?? '', auth: webhookAuth(row.authtype, text('authvalue')) };
  }
  const kind = KINDS[row.contract as keyof typeof KINDS] as (typeof KINDS)[keyof typeof KINDS] | undefined;
  if (kind === undefined) return undefined;
  return {
    kind,
    id,
    name,
    connectionString: connectionString(row, (column) => text(column) ?? ''),
    path: text('path') ?? '',
    form: formOf(kind, row.messageformat),
  };
}

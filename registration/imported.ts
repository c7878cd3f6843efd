import { stringify } from 'yaml';
import { CONTRACTS, STAGES } from './words';
import type { Fields, RegisteredItem } from './item';
import { hasFilteringColumns, imageProperties } from './message-facts';
import type { Messages } from './messages';
import { inWords } from './registered-label';
import type { Registered } from './registered';

/** A declaration of what somebody registered by hand. */
export interface Imported {
  readonly text: string;
  readonly endpoints: number;
  readonly steps: number;
  /** What isn't in it, and what has to be filled in by hand. */
  readonly notes: readonly string[];
}

/**
 * Writes down what is registered, each item with its id, so that the next apply takes it over instead of making it anew.
 * Secrets can't be read: the file names environment variables in which they are expected.
 * @param tracked tables whose changes are tracked
 */
export function importedDeclaration(
  owner: string,
  registered: Registered,
  messages: Messages,
  tracked: readonly string[],
): Imported {
  const notes: string[] = [];
  const keys = new Map<string, string>();
  const endpoints: Record<string, unknown> = {};
  const isForeign = ({ mark }: RegisteredItem): boolean => mark !== undefined && mark.owner !== owner;
  for (const item of registered.endpoint.values()) {
    const name = String(item.fields.name);
    const why = isForeign(item) ? `it is ${item.mark?.owner ?? ''}'s` : endpointObstacle(item.fields);
    if (why !== undefined) {
      notes.push(`endpoint ${name} (${item.id}) is left out: ${why}`);
      continue;
    }
    const key = freeKey(item.mark?.item ?? name, new Set(keys.values()));
    keys.set(item.id, key);
    endpoints[key] = endpointOf(key, item);
    if (item.fields.auth === 'httpHeader' || item.fields.auth === 'httpQueryString')
      notes.push(
        `endpoint ${key}: the names that its keys are sent under can't be read: write them where it says NAME`,
      );
  }
  const steps: Record<string, unknown> = {};
  for (const item of registered.step.values()) {
    const fields = inWords(item.fields, messages);
    const endpoint = keys.get(String(fields.endpoint));
    // What posts elsewhere is left out with its endpoint.
    if (endpoint === undefined) continue;
    const images = [...registered.image.values()].filter((image) => image.fields.step === item.id);
    const why = isForeign(item) ? `it is ${item.mark?.owner ?? ''}'s` : stepObstacle(fields, images);
    if (why !== undefined) {
      notes.push(`step ${String(fields.name)} (${item.id}) is left out: ${why}`);
      continue;
    }
    const key = freeKey([fields.table ?? 'any', fields.message, endpoint].join('-'), new Set(Object.keys(steps)));
    steps[key] = stepOf(item.id, fields, endpoint, images);
  }
  const file = {
    owner,
    endpoints,
    steps,
    ...(tracked.length === 0 ? {} : { changeTracking: tracked }),
  };
  const text = `${HEADING}\n${stringify(file, { lineWidth: 120 })}`;
  return { text, endpoints: Object.keys(endpoints).length, steps: Object.keys(steps).length, notes };
}

const HEADING = [
  '# yaml-language-server: $schema=./dataverse.schema.json',
  '# Made by "dvo steps import". Each id says: this one is there already, take it over.',
  "# Secrets can't be read from Dataverse: each { env: NAME } says where this one is expected.",
  '',
].join('\n');

/** A name that may stand in a declaration and is nobody's yet. */
function freeKey(wanted: string, taken: ReadonlySet<string>): string {
  const plain = wanted.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^[^A-Za-z]+|-+$/g, '');
  const base = (plain === '' ? 'item' : plain).slice(0, 36);
  for (let count = 1; ; count += 1) {
    const key = count === 1 ? base : `${base}-${count}`;
    if (!taken.has(key)) return key;
  }
}

function endpointObstacle({ kind, auth, url }: Fields): string | undefined {
  if (typeof kind !== 'string' || !Object.hasOwn(CONTRACTS, kind))
    return `${String(kind)} is no webhook, queue, topic or event hub`;
  if (typeof auth !== 'string' || auth.startsWith('authtype'))
    return `its authentication (${String(auth)}) isn't known here`;
  const isWebhookAuth = ['webhookKey', 'httpHeader', 'httpQueryString'].includes(auth);
  if (isWebhookAuth !== (kind === 'webhook')) return `a ${kind} with ${auth} isn't known here`;
  if (kind === 'webhook' && /[?@]/.test(String(url))) return 'its address has a query, which may be a secret';
  return undefined;
}

function endpointOf(key: string, { id, fields }: RegisteredItem): unknown {
  const { name, description, kind, auth } = fields;
  const secret = { env: `${key.replace(/-/g, '_').toUpperCase()}_SECRET` };
  const common = { kind, id, name, ...(description === null ? {} : { description }) };
  if (kind === 'webhook')
    return { ...common, url: fields.url, auth: { [String(auth)]: auth === 'webhookKey' ? secret : { NAME: secret } } };
  return {
    ...common,
    namespace: fields.namespace,
    path: fields.path,
    auth: auth === 'sasKey' ? { sasKey: { name: fields.sasName, key: secret } } : { sasToken: secret },
    format: fields.format,
    charset: fields.charset,
    claims: fields.claims,
  };
}

function stepObstacle(
  { stage, message, filteringColumns }: Fields,
  images: readonly RegisteredItem[],
): string | undefined {
  if (new Set(images.map(({ fields }) => fields.alias)).size < images.length) return 'two of its images share an alias';
  if (typeof stage !== 'string' || !Object.hasOwn(STAGES, stage))
    return `${String(stage)} is no stage that can be chosen`;
  if (filteringColumns !== null && !hasFilteringColumns(String(message)))
    return `${String(message)} has no filtering columns, and it has some`;
  return undefined;
}

function stepOf(id: string, fields: Fields, endpoint: string, images: readonly RegisteredItem[]): unknown {
  const { name, description, table, message, stage, mode, rank, filteringColumns, asyncAutoDelete, enabled } = fields;
  return {
    id,
    name,
    ...(description === null ? {} : { description: String(description).slice(0, 120) }),
    ...(table === null ? {} : { table }),
    message,
    endpoint,
    ...(stage === 'postOperation' ? {} : { stage }),
    ...(mode === 'asynchronous' ? {} : { mode }),
    ...(rank === 1 ? {} : { rank }),
    ...(filteringColumns === null ? {} : { filteringColumns: String(filteringColumns).split(',') }),
    ...(mode === 'asynchronous' ? { asyncAutoDelete } : {}),
    ...(enabled === true ? {} : { enabled }),
    ...(images.length === 0
      ? {}
      : { images: Object.fromEntries(images.map((image) => imageOf(image, String(message)))) }),
  };
}

function imageOf({ id, fields }: RegisteredItem, message: string): [string, unknown] {
  const { alias, type, columns, property } = fields;
  return [
    String(alias),
    {
      id,
      type,
      columns: columns === null ? 'all' : String(columns).split(','),
      ...(property === imageProperties(message)?.[0] ? {} : { property }),
    },
  ];
}

/** Tables that steps are registered for. */
export const tablesOf = (registered: Registered, messages: Messages): string[] =>
  [...new Set([...registered.step.values()].map(({ fields }) => inWords(fields, messages).table))]
    .filter((table) => table !== null && table !== undefined)
    .map(String);

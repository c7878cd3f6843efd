import { stringify } from 'yaml';
import { schemaFaults, type Fault } from '../../shared/yaml/schema-faults';
import { MAX_DESCRIPTION, declarationSchema } from './declaration-schema';
import type { FieldValue, Fields, RegisteredItem } from './item';
import { imageProperties, ruleFaults, hasFilteringColumns } from './declaration-rules';
import { inWords, type Messages, type Registered } from './registered';
import { withoutSecrets } from './secrets';
import { fillIn } from './read-declaration';
import { repeatedIds } from './desired-items';
import { CONTRACTS, STAGES } from './registration-tables';

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
  const steps: Record<string, unknown> = {};
  /** What each part is called in notes. */
  const called = { endpoints: new Map<string, string>(), steps: new Map<string, string>() };
  const obstacleOf = ({ mark, fields }: RegisteredItem, others: () => string | undefined): string | undefined => {
    if (mark !== undefined && mark.owner !== owner) return `it is ${mark.owner}'s`;
    const texts = [fields.name, fields.description].map((text) => String(text));
    if (texts.some((text) => withoutSecrets(text) !== text)) return 'its name or description may contain a secret';
    return others();
  };
  for (const item of registered.endpoint.values()) {
    const what = nameInNotes(item);
    const why = obstacleOf(item, () => endpointObstacle(item.fields));
    if (why !== undefined) {
      notes.push(`${what} is left out: ${why}`);
      continue;
    }
    const key = freeKey(item.mark?.item ?? String(item.fields.name), [...keys.values()]);
    keys.set(item.id, key);
    called.endpoints.set(key, what);
    endpoints[key] = endpointOf(key, item);
    notes.push(...cutNote(what, item, MAX_DESCRIPTION.endpoint));
    if (item.fields.auth === 'httpHeader' || item.fields.auth === 'httpQueryString')
      notes.push(`endpoint ${key}: replace NAME with the name of its header or query parameter, which can't be read`);
  }
  for (const item of registered.step.values()) {
    const what = nameInNotes(item);
    const fields = inWords(item.fields, messages);
    const endpoint = keys.get(String(fields.endpoint));
    // What posts elsewhere is left out with its endpoint.
    if (endpoint === undefined) continue;
    const images = [...registered.image.values()].filter((image) => image.fields.step === item.id);
    const why = obstacleOf(item, () => stepObstacle(fields, images));
    if (why !== undefined) {
      notes.push(`${what} is left out: ${why}`);
      continue;
    }
    const key = freeKey([fields.table ?? 'any', fields.message, endpoint].join('-'), Object.keys(steps));
    called.steps.set(key, what);
    steps[key] = stepOf(item.id, fields, endpoint, images);
    notes.push(...cutNote(what, item, MAX_DESCRIPTION.step));
  }
  const { draft, leftOut } = importable({
    owner,
    endpoints,
    steps,
    ...(tracked.length === 0 ? {} : { changeTracking: tracked }),
  });
  for (const { section, key, why } of leftOut) notes.push(`${called[section].get(key) ?? key} is left out: ${why}`);
  const text = `${HEADING}\n${stringify(draft, { lineWidth: 120 })}`;
  return { text, endpoints: Object.keys(draft.endpoints).length, steps: Object.keys(draft.steps).length, notes };
}

const nameInNotes = ({ kind, fields, id }: RegisteredItem): string =>
  `${kind} ${withoutSecrets(String(fields.name))} (${id})`;

const cutNote = (what: string, { fields }: RegisteredItem, longest: number): string[] =>
  String(fields.description).length > longest
    ? [`${what}: its description is cut to ${longest} characters to leave room for the mark`]
    : [];

/** A description as it is declared; none where there is none. */
const descriptionOf = (description: FieldValue | undefined, longest: number): { description?: string } =>
  typeof description === 'string' ? { description: description.slice(0, longest) } : {};

const HEADING = [
  '# yaml-language-server: $schema=./dataverse.schema.json (dvo steps schema > dataverse.schema.json)',
  '# Made by "dvo steps import". Each id names an existing registration, which the next apply takes over.',
  "# Secrets can't be read from Dataverse: each { env: NAME } names the environment variable that must hold it.",
  '',
].join('\n');

/** Where the secret of an endpoint of this name is expected. */
const variableOf = (key: string): string => `${key.replace(/-/g, '_').toUpperCase()}_SECRET`;

/** A name that may stand in a declaration and is nobody's yet, nor is the variable that is named after it. */
function freeKey(wanted: string, taken: readonly string[]): string {
  const variables = new Set(taken.map(variableOf));
  const plain = wanted.replace(/[^A-Za-z0-9_]+/g, '-').replace(/^[^A-Za-z]+|-$/g, '');
  const base = (plain === '' ? 'item' : plain).slice(0, 36);
  for (let count = 1; ; count += 1) {
    const key = count === 1 ? base : `${base}-${count}`;
    if (!variables.has(variableOf(key))) return key;
  }
}

function endpointOf(key: string, { id, fields }: RegisteredItem): unknown {
  const { name, description, kind, auth } = fields;
  const secret = { env: variableOf(key) };
  const common = { kind, id, name, ...descriptionOf(description, MAX_DESCRIPTION.endpoint) };
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

function stepOf(id: string, fields: Fields, endpoint: string, images: readonly RegisteredItem[]): unknown {
  const { name, description, table, message, stage, mode, rank, filteringColumns, asyncAutoDelete, enabled } = fields;
  return {
    id,
    name,
    ...descriptionOf(description, MAX_DESCRIPTION.step),
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

/** A declaration that is being written; nobody has checked it yet. */
interface Draft {
  readonly owner: string;
  readonly endpoints: Readonly<Record<string, unknown>>;
  readonly steps: Readonly<Record<string, unknown>>;
  readonly changeTracking?: readonly string[];
}

/** An endpoint or step that can't be declared as it is registered. */
interface LeftOut {
  readonly section: 'endpoints' | 'steps';
  readonly key: string;
  readonly why: string;
}

/** A draft without what a declaration's own rules refuse; what hangs on that goes, too. */
function importable(draft: Draft): { readonly draft: Draft; readonly leftOut: readonly LeftOut[] } {
  const found = unfit(draft);
  if (found.length === 0) return { draft, leftOut: [] };
  const without = (section: LeftOut['section']): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      Object.entries(draft[section]).filter(
        ([key]) => !found.some((each) => each.section === section && each.key === key),
      ),
    );
  const rest = importable({ ...draft, endpoints: without('endpoints'), steps: without('steps') });
  return { draft: rest.draft, leftOut: [...found, ...rest.leftOut] };
}

/** Each endpoint and step that breaks a rule, with the first one. */
function unfit(draft: Draft): LeftOut[] {
  const first = new Map<string, LeftOut>();
  for (const { path, text } of draftFaults(draft)) {
    const [section, key, ...rest] = path;
    if ((section !== 'endpoints' && section !== 'steps') || typeof key !== 'string') continue;
    const id = `${section} ${key}`;
    const why = [rest.join('.'), text].filter((part) => part !== '').join(' ');
    if (!first.has(id)) first.set(id, { section, key, why });
  }
  return [...first.values()];
}

function draftFaults(draft: Draft): readonly Fault[] {
  const placeholders: Fault[] = [];
  // Whoever wrote it into Dataverse didn't mean a variable of whoever applies this, which could be any secret.
  fillIn(draft, (name, path) => {
    placeholders.push({ path, text: `contains \${${name}}, which would be replaced` });
    return name;
  });
  if (placeholders.length > 0) return placeholders;
  const { success, data, error } = declarationSchema.safeParse(draft);
  if (!success) return schemaFaults(error.issues);
  const broken = ruleFaults(data);
  return broken.length > 0 ? broken : repeatedIds(data);
}

/** Why an endpoint can't be declared; undefined: it can, as far as its own columns tell. */
function endpointObstacle({ kind, auth, url }: Fields): string | undefined {
  if (typeof kind !== 'string' || !Object.hasOwn(CONTRACTS, kind))
    return `${String(kind)} is not a webhook, queue, topic or event hub`;
  if (typeof auth !== 'string' || auth.startsWith('authtype'))
    return `its authentication (${String(auth)}) isn't supported`;
  const isWebhookAuth = ['webhookKey', 'httpHeader', 'httpQueryString'].includes(auth);
  if (isWebhookAuth !== (kind === 'webhook')) return `a ${kind} with ${auth} isn't supported`;
  if (kind === 'webhook' && /[?@]/.test(String(url))) return 'its address has a query, which may be a secret';
  return undefined;
}

/** Why a step with its images can't be declared; undefined: it can, as far as its own columns tell. */
function stepObstacle(
  { stage, message, filteringColumns }: Fields,
  images: readonly RegisteredItem[],
): string | undefined {
  if (new Set(images.map(({ fields }) => fields.alias)).size < images.length) return 'two of its images share an alias';
  if (typeof stage !== 'string' || !Object.hasOwn(STAGES, stage))
    return `${String(stage)} is not a stage that can be declared`;
  if (filteringColumns !== null && !hasFilteringColumns(String(message)))
    return `it has filtering columns, which ${String(message)} doesn't support`;
  return undefined;
}

import { VALIDATE_ENDPOINT } from '../../shared/rules/validate-endpoint';
import type { Fault } from '../../shared/yaml/schema-faults';
import type { Declaration, DeclaredEndpoint, DeclaredImage, DeclaredStep } from './declaration-schema';

/** One or several, as a list. */
export const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

/**
 * What the platform would refuse, or do otherwise than it is meant, told before anything is sent: each fault names its rule.
 * https://learn.microsoft.com/power-apps/developer/data-platform/register-plug-in
 * https://learn.microsoft.com/power-apps/developer/data-platform/azure-integration
 * https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
 */
export function ruleFaults(declaration: Declaration): Fault[] {
  const { endpoints = {}, steps = {}, changeTracking = [] } = declaration;
  return [
    ...Object.entries(endpoints).flatMap(([key, endpoint]) => endpointFaults(['endpoints', key], endpoint)),
    ...Object.entries(steps).flatMap(([key, step]) => stepFaults(['steps', key], step, endpoints[step.endpoint])),
    ...Object.entries(steps)
      .filter(([, { endpoint }]) => !Object.hasOwn(endpoints, endpoint))
      .map(([key, { endpoint }]) => ({
        path: ['steps', key, 'endpoint'],
        text: `names ${endpoint}, which isn't one of endpoints`,
      })),
    ...repeated(changeTracking).map((index) => ({ path: ['changeTracking', index], text: 'repeats a table' })),
    ...repeatedSteps(steps),
  ];
}

type Path = Fault['path'];

function endpointFaults(path: Path, endpoint: DeclaredEndpoint): Fault[] {
  if (endpoint.kind === 'webhook') {
    const fault = webhookAddressFault(endpoint.url);
    return fault === undefined ? [] : [{ path: [...path, 'url'], text: fault }];
  }
  const faults: Fault[] = [];
  if (
    !/^sb:\/\/[A-Za-z0-9.-]+(?::\d+)?\/?$/.test(endpoint.namespace) ||
    !URL.canParse(endpoint.namespace.replace(/^sb:/, 'https:')) ||
    endpoint.namespace.length > 255
  )
    faults.push({
      path: [...path, 'namespace'],
      text: 'must be the address of a namespace, sb://NAME.servicebus.windows.net/, 255 characters at most',
    });
  if (endpoint.kind === 'eventHub' && endpoint.format === 'binary')
    faults.push({
      path: [...path, 'format'],
      text: 'must be json or xml: Dataverse sends no .NET binary to event hubs',
    });
  return faults;
}

function webhookAddressFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return 'must be an absolute address, https://…';
  if (text.length > 2000) return 'must not be longer than 2000 characters';
  if (url.search !== '' || url.username !== '' || url.password !== '')
    return 'must have no query and no user: auth names where the key is';
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return url.protocol === 'https:' || isLocal ? undefined : 'must be https: the key and the rows go there';
}

function stepFaults(path: Path, step: DeclaredStep, endpoint: DeclaredEndpoint | undefined): Fault[] {
  const { stage = 'postOperation', mode = 'asynchronous' } = step;
  const [messages, tables] = [listOf(step.message), listOf(step.table)];
  const faults: Fault[] = [];
  const fault = (of: Path, text: string): void => void faults.push({ path: [...path, ...of], text });
  if (mode === 'asynchronous' && stage !== 'postOperation')
    fault(['stage'], `must be postOperation: an asynchronous step runs after the operation`);
  if (mode === 'synchronous' && endpoint !== undefined && endpoint.kind !== 'webhook')
    fault(['mode'], `must be asynchronous: Dataverse sends to ${WHAT[endpoint.kind]} by system jobs only`);
  if (isValidating(endpoint) && (mode !== 'synchronous' || stage === 'postOperation'))
    fault(
      [mode === 'synchronous' ? 'stage' : 'mode'],
      `must be ${mode === 'synchronous' ? 'preValidation (or preOperation)' : 'synchronous'}: ${step.endpoint} validates, which is of use only before the operation`,
    );
  if (mode === 'synchronous' && step.asyncAutoDelete === true)
    fault(['asyncAutoDelete'], 'must be left out: a synchronous step has no system job');
  const unfiltered = messages.filter((message) => !hasFilteringColumns(message));
  if (step.filteringColumns !== undefined && unfiltered.length > 0)
    fault(
      ['filteringColumns'],
      `must be left out: ${unfiltered.join(', ')} has none, only Update has; declare a step for Update alone`,
    );
  if (step.filteringColumns !== undefined && tables.length === 0)
    fault(['filteringColumns'], 'must be left out: without a table there are no columns');
  for (const index of repeated(step.filteringColumns ?? [])) fault(['filteringColumns', index], 'repeats a column');
  const isOne = messages.length === 1 && tables.length <= 1;
  if (!isOne)
    for (const given of ['name', 'id'] as const)
      if (step[given] !== undefined)
        fault([given], 'must be left out: these are several steps, one for each message and table');
  for (const [alias, image] of Object.entries(step.images ?? {}))
    faults.push(...imageFaults([...path, 'images', alias], alias, image, messages, stage, isOne));
  return faults;
}

/** Whether an endpoint is the app's `validate`: it keeps nothing, and Dataverse goes on only if it says so. */
export const isValidating = (endpoint: DeclaredEndpoint | undefined): boolean =>
  endpoint?.kind === 'webhook' &&
  URL.canParse(endpoint.url) &&
  new URL(endpoint.url).pathname.replace(/\/$/, '').endsWith(`/${VALIDATE_ENDPOINT.route}`);

const WHAT = { webhook: 'a webhook', queue: 'a queue', topic: 'a topic', eventHub: 'an event hub' } as const;

function imageFaults(
  path: Path,
  alias: string,
  image: DeclaredImage,
  messages: readonly string[],
  stage: DeclaredStep['stage'],
  isOne: boolean,
): Fault[] {
  const faults: Fault[] = [];
  if (!/^[A-Za-z][A-Za-z0-9_]{0,99}$/.test(alias))
    faults.push({
      path,
      ofKey: true,
      text: 'must be an alias of letters, digits and underscores that begins with a letter',
    });
  const without = messages.filter((message) => imageProperties(message) === undefined);
  if (without.length > 0)
    faults.push({
      path,
      ofKey: true,
      text: `isn't possible: ${without.join(', ')} has no images, only ${messagesWithImages().join(', ')} have`,
    });
  const hasPre = image.type !== 'post';
  const hasPost = image.type !== 'pre';
  if (hasPre && messages.some(createsRows))
    faults.push({ path: [...path, 'type'], text: 'must be post: before Create there is no row' });
  if (hasPost && messages.some(deletesRows))
    faults.push({ path: [...path, 'type'], text: 'must be pre: after Delete there is no row' });
  if (hasPost && stage !== undefined && stage !== 'postOperation')
    faults.push({ path: [...path, 'type'], text: `must be pre: at ${stage} the operation hasn't run yet` });
  for (const message of messages) {
    const possible = imageProperties(message);
    if (image.property !== undefined && possible !== undefined && !possible.includes(image.property))
      faults.push({ path: [...path, 'property'], text: `must be ${possible.join(' or ')} for ${message}` });
  }
  if (image.columns !== 'all')
    for (const index of repeated(image.columns))
      faults.push({ path: [...path, 'columns', index], text: 'repeats a column' });
  if (!isOne && image.id !== undefined)
    faults.push({ path: [...path, 'id'], text: 'must be left out: these are images of several steps' });
  return faults;
}

/** Indexes of what came before. */
const repeated = (items: readonly string[]): number[] =>
  items.flatMap((item, index) => (items.indexOf(item) < index ? [index] : []));

/** The same event to the same endpoint twice: each would be delivered, parsed and written twice. */
function repeatedSteps(steps: Readonly<Record<string, DeclaredStep>>): Fault[] {
  const seen = new Map<string, string>();
  const faults: Fault[] = [];
  for (const [key, step] of Object.entries(steps)) {
    const stage = step.stage ?? 'postOperation';
    for (const message of listOf(step.message))
      for (const table of step.table === undefined ? [''] : listOf(step.table)) {
        const what = [message, table, step.endpoint, stage, step.mode ?? 'asynchronous'].join(' ');
        const other = seen.get(what);
        if (other === undefined) seen.set(what, key);
        else
          faults.push({
            path: ['steps', key],
            ofKey: true,
            text: `${other === key ? 'repeats itself' : `repeats ${other}`}: ${message} of ${table === '' ? 'any table' : table} to ${step.endpoint} would be sent twice`,
          });
      }
  }
  return faults;
}

/**
 * What the platform allows for a message.
 * https://learn.microsoft.com/power-apps/developer/data-platform/register-plug-in#define-entity-images
 */

/** Messages whose steps can have images, each with the parameters whose row an image can be of; the first by default. */
const IMAGE_PROPERTIES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  Assign: ['Target'],
  // The documentation says Target; the platform takes the answer's parameter only, as the row has no id before.
  Create: ['Id'],
  CreateMultiple: ['Ids'],
  Delete: ['Target'],
  DeliverIncoming: ['EmailId'],
  DeliverPromote: ['EmailId'],
  Merge: ['Target', 'SubordinateId'],
  Route: ['Target'],
  Send: ['FaxId', 'EmailId', 'TemplateId'],
  SetState: ['EntityMoniker'],
  SetStateDynamicEntity: ['EntityMoniker'],
  Update: ['Target'],
  UpdateMultiple: ['Targets'],
};

/** The parameters whose row an image of this message can be of; undefined: it has no images. */
export const imageProperties = (message: string): readonly [string, ...string[]] | undefined =>
  Object.hasOwn(IMAGE_PROPERTIES, message) ? IMAGE_PROPERTIES[message] : undefined;

/** Whether a message makes rows, or deletes them. */
const createsRows = (message: string): boolean => /^Create(?:Multiple)?$/.test(message);
const deletesRows = (message: string): boolean => /^Delete(?:Multiple)?$/.test(message);

/** Messages with images, for errors. */
const messagesWithImages = (): readonly string[] => Object.keys(IMAGE_PROPERTIES);

/** Whether steps of this message can be limited to some columns. */
export const hasFilteringColumns = (message: string): boolean => message === 'Update';

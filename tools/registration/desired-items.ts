import type { Fault } from '../../shared/yaml/schema-faults';
import { v5 } from 'uuid';
import { listOf, imageProperties } from './declaration-rules';
import type { Declaration, DeclaredEndpoint, DeclaredImage, DeclaredStep } from './declaration-schema';
import { columnsField, eventText, type DesiredItem, type Fields } from './item';

/** Everything that a declaration says shall be registered: endpoints, their steps, and the steps' images, in that order. */
export function desiredItems(declaration: Declaration): DesiredItem[] {
  const endpoints = Object.entries(declaration.endpoints ?? {}).map(([key, of]) =>
    endpointItem(declaration.owner, key, of),
  );
  const idOf = new Map(endpoints.map(({ key, id }) => [key, id]));
  const steps = Object.entries(declaration.steps ?? {}).flatMap(([key, step]) =>
    listOf(step.message).flatMap((message) =>
      (step.table === undefined ? [null] : listOf(step.table)).map((table) => {
        const endpoint = idOf.get(step.endpoint) ?? '';
        const item = stepItem(declaration.owner, key, step, message, table, endpoint);
        const images = Object.entries(step.images ?? {}).map(([alias, image]) =>
          imageItem(item, message, alias, image),
        );
        return { item, images };
      }),
    ),
  );
  return [...endpoints, ...steps.map(({ item }) => item), ...steps.flatMap(({ images }) => images)];
}

/** Space around a description couldn't be told from the space before its mark. */
const descriptionField = (description = ''): string | null => {
  const text = description.trim();
  return text === '' ? null : text;
};

function endpointItem(owner: string, key: string, endpoint: DeclaredEndpoint): DesiredItem {
  return {
    kind: 'endpoint',
    // One of another kind is another one: the platform doesn't turn a queue into a webhook.
    id: endpoint.id?.toLowerCase() ?? itemId(owner, 'endpoint', key, endpoint.kind),
    isAdopted: endpoint.id !== undefined,
    key,
    label: `endpoint ${key}`,
    path: ['endpoints', key],
    fields: {
      name: endpoint.name ?? `${owner} ${key}`,
      description: descriptionField(endpoint.description),
      kind: endpoint.kind,
      ...(endpoint.kind === 'webhook' ? webhookFields(endpoint) : busFields(endpoint)),
    },
  };
}

const webhookFields = ({ url, auth }: Extract<DeclaredEndpoint, { kind: 'webhook' }>): Fields => ({
  auth: Object.keys(auth)[0] ?? null,
  url,
});

function busFields(endpoint: Exclude<DeclaredEndpoint, { kind: 'webhook' }>): Fields {
  const address = endpoint.namespace.replace(/\/?$/, '/');
  return {
    auth: Object.keys(endpoint.auth)[0] ?? null,
    sasName: endpoint.auth.sasKey?.name ?? null,
    namespace: address,
    namespaceName: new URL(address.replace(/^sb:/, 'https:')).hostname.split('.')[0] ?? '',
    path: endpoint.path,
    format: endpoint.format ?? 'json',
    charset: endpoint.charset ?? 'utf8',
    claims: endpoint.claims ?? 'none',
  };
}

function stepItem(
  owner: string,
  key: string,
  step: DeclaredStep,
  message: string,
  table: string | null,
  endpoint: string,
): DesiredItem {
  const { stage = 'postOperation', mode = 'asynchronous' } = step;
  const event = eventText({ message, table });
  return {
    kind: 'step',
    id: step.id?.toLowerCase() ?? itemId(owner, 'step', key, message, table ?? ''),
    isAdopted: step.id !== undefined,
    key,
    label: `step ${key}: ${event}`,
    path: ['steps', key],
    fields: {
      name: (step.name ?? `${owner}: ${event} to ${step.endpoint}`).slice(0, 256),
      description: descriptionField(step.description),
      message,
      table,
      endpoint,
      stage,
      mode,
      rank: step.rank ?? 1,
      filteringColumns: columnsField(step.filteringColumns ?? []),
      asyncAutoDelete: step.asyncAutoDelete ?? mode === 'asynchronous',
      enabled: step.enabled ?? true,
    },
  };
}

function imageItem(step: DesiredItem, message: string, alias: string, image: DeclaredImage): DesiredItem {
  const path: Fault['path'] = [...step.path, 'images', alias];
  return {
    kind: 'image',
    id: image.id?.toLowerCase() ?? itemId(step.id, 'image', alias),
    isAdopted: image.id !== undefined,
    key: `${step.key}/${alias}`,
    label: `image ${alias} of ${step.label}`,
    path,
    fields: {
      description: null,
      step: step.id,
      alias,
      type: image.type,
      property: image.property ?? imageProperties(message)?.[0] ?? 'Target',
      columns: image.columns === 'all' ? null : columnsField(image.columns),
    },
  };
}

/** Namespace of the ids of what is registered. */
const NAMESPACE = '6f0c7c4e-3f0b-4b0e-9a53-1d6d2c1f9d35';

/**
 * The id under which something is registered, made of what it is: the same in every environment and at every run, so that
 * what a run that broke off has made is found again, and nothing is made twice. (Ids may be given on create.)
 */
export const itemId = (...parts: readonly string[]): string => v5(parts.join('\n'), NAMESPACE);

/**
 * Ids that are given to two items, or given to one and made for another: each would be changed into the other, at every run.
 */
export function repeatedIds(declaration: Declaration): Fault[] {
  const items = desiredItems(declaration);
  const given = items.filter(({ isAdopted }) => isAdopted);
  return given.flatMap((item, index) => {
    const other = [...items.filter(({ isAdopted }) => !isAdopted), ...given.slice(0, index)].find(
      ({ id }) => id === item.id,
    );
    return other === undefined ? [] : [{ path: [...item.path, 'id'], text: `is also the id of ${other.label}` }];
  });
}

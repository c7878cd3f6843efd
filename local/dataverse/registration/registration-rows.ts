import { settingsXml } from '../../../tools/registration/secrets';
import type { ContextForm } from '../events/execution-context';
import type { RowStore } from '../rows/row-store';
import type { ColumnInputs } from '../rows/value';
import { AUTH_TYPE, CONTRACT, MESSAGE_FORMAT } from './registration-tables';

/** An endpoint to register. */
export type EndpointRegistration =
  | {
      readonly name: string;
      readonly contract: 'webhook';
      readonly url: string;
      /** 4 WebhookKey (`?code=`), 5 HttpHeader, 6 HttpQueryString. Absent: no key. */
      readonly authtype?: 4 | 5 | 6;
      /** The key, or the headers or query parameters by name. */
      readonly authvalue?: string | Readonly<Record<string, string>>;
    }
  | {
      readonly name: string;
      readonly contract: 'queue' | 'topic' | 'eventHub';
      readonly connectionString: string;
      /** Name of the queue, topic or event hub. */
      readonly path: string;
      /** @default json */
      readonly messageFormat?: ContextForm;
    };

/** An image to register with a step. */
export interface ImageRegistration {
  readonly kind: 'pre' | 'post' | 'both';
  readonly alias: string;
  /** Absent: all columns. */
  readonly columns?: readonly string[];
  /**
   * The parameter whose row it is: `SubordinateId` of Merge. @default `Id` of Create, `EntityMoniker` of SetState,
   * `Target`
   */
  readonly property?: string;
}

/** A step to register; the platform's rules apply (`registration-rules.ts`). */
export interface StepRegistration {
  /** Absent: all tables, or none for messages that have no table (`Associate`, unbound custom APIs). */
  readonly table?: string;
  /** `Create`, `Associate`, or the name of a custom API. */
  readonly message: string;
  /** Id of the endpoint. */
  readonly endpoint: string;
  readonly mode: 'sync' | 'async';
  /** 10, 20 or 40; asynchronous steps only 40. @default 40 */
  readonly stage?: 10 | 20 | 40;
  /** @default 1 */
  readonly rank?: number;
  readonly name?: string;
  /** Update only: fires when one of them is in the request. */
  readonly filteringColumns?: readonly string[];
  /** Asynchronous steps only: a system job that succeeded is deleted. @default false */
  readonly autoDelete?: boolean;
  readonly images?: readonly ImageRegistration[];
}

/** A row of a registration table, to be created. */
export interface NewRow {
  readonly table: string;
  readonly columns: ColumnInputs;
}

const FORMAT = { json: MESSAGE_FORMAT.json, xml: MESSAGE_FORMAT.textXml, binary: MESSAGE_FORMAT.binaryXml } as const;

const IMAGE_TYPE = { pre: 0, post: 1, both: 2 } as const;

/** The parameter that an image belongs to, where it is not Target. */
const IMAGE_PROPERTY: Readonly<Record<string, string>> = {
  Create: 'Id',
  SetState: 'EntityMoniker',
  SetStateDynamicEntity: 'EntityMoniker',
};

/** The `serviceendpoint` row of an endpoint. */
export function endpointRow(endpoint: EndpointRegistration): NewRow {
  const common = { name: endpoint.name, contract: CONTRACT[endpoint.contract], messagecharset: 1 };
  if (endpoint.contract !== 'webhook') {
    const { connectionString: authvalue, path, messageFormat = 'json' } = endpoint;
    const columns = { authtype: AUTH_TYPE.connectionString, authvalue, path, messageformat: FORMAT[messageFormat] };
    return { table: 'serviceendpoint', columns: { ...common, ...columns } };
  }
  const { authtype = 4, authvalue } = endpoint;
  const value = typeof authvalue === 'object' ? settingsXml(Object.entries(authvalue)) : (authvalue ?? null);
  const columns = { authtype, authvalue: value, url: endpoint.url, messageformat: MESSAGE_FORMAT.json };
  return { table: 'serviceendpoint', columns: { ...common, ...columns } };
}

function idWhere(
  store: RowStore,
  table: string,
  matches: (columns: Readonly<Record<string, unknown>>) => boolean,
): string {
  for (const row of store.table(table).values()) if (matches(row.columns)) return row.id;
  throw new Error(`Nothing in ${table} fits the registration.`);
}

/** The `sdkmessageprocessingstep` row of a step. Throws when there is no such message, or not of the table. */
export function stepRow(store: RowStore, step: StepRegistration): NewRow {
  const message = idWhere(store, 'sdkmessage', (columns) => columns.name === step.message);
  const filter =
    step.table === undefined
      ? null
      : idWhere(
          store,
          'sdkmessagefilter',
          (columns) =>
            columns.primaryobjecttypecode === step.table &&
            (columns.sdkmessageid as { readonly id: string } | null)?.id === message,
        );
  return {
    table: 'sdkmessageprocessingstep',
    columns: {
      name: step.name ?? `${step.message} of ${step.table ?? 'any table'}`,
      mode: step.mode === 'async' ? 1 : 0,
      stage: step.stage ?? 40,
      rank: step.rank ?? 1,
      supporteddeployment: 0,
      filteringattributes: step.filteringColumns?.join(',') ?? null,
      asyncautodelete: step.autoDelete ?? false,
      eventhandler: { table: 'serviceendpoint', id: step.endpoint },
      sdkmessageid: { table: 'sdkmessage', id: message },
      sdkmessagefilterid: filter === null ? null : { table: 'sdkmessagefilter', id: filter },
    },
  };
}

/** The rows of a step's images. */
export const imageRows = (step: StepRegistration, stepId: string): NewRow[] =>
  (step.images ?? []).map((image) => ({
    table: 'sdkmessageprocessingstepimage',
    columns: {
      name: image.alias,
      entityalias: image.alias,
      imagetype: IMAGE_TYPE[image.kind],
      messagepropertyname: image.property ?? IMAGE_PROPERTY[step.message] ?? 'Target',
      attributes: image.columns?.join(',') ?? null,
      sdkmessageprocessingstepid: { table: 'sdkmessageprocessingstep', id: stepId },
    },
  }));

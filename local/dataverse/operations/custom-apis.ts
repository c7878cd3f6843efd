import { badRequest } from '../dataverse-error';
import { referenceParameter, type Parameter } from '../events/event';
import { messageFilter } from '../events/messages';
import type { Catalog } from '../metadata/table';
import type { Random } from '../random';
import { EMPTY_GUID, type Reference } from '../rows/value';
import type { ApiParameterType, ApiParameters, ApiValues } from '../web-api/action-parameters';
import type { RowChanges } from './row-changes';
import { type Operations } from './row-operations';
import type { OperationOptions, Transactions } from './transactions';

/** What a custom API's handler is given. */
export interface CustomApiCall {
  /** The row that a bound API is called on. */
  readonly target: Reference | undefined;
  readonly parameters: ApiValues;
  /** With these, operations of the handler belong to the same request, one level deeper. */
  readonly options: OperationOptions;
}

/** A custom API: a message of one's own. */
export interface CustomApiDefinition {
  /** The table on whose rows it is called. Absent: it is called on none. */
  readonly boundTo?: string;
  readonly requestParameters?: Readonly<Record<string, ApiParameterType>>;
  readonly responseProperties?: Readonly<Record<string, ApiParameterType>>;
  /** What it does. @default nothing, every property is null */
  readonly handler?: (call: CustomApiCall) => ApiValues | Promise<ApiValues>;
}

/** What custom APIs work with. */
export interface CustomApiDependencies {
  readonly catalog: Catalog;
  readonly operations: Operations;
  readonly transactions: Transactions;
  readonly changes: RowChanges;
  readonly parameters: ApiParameters;
  readonly random: Random;
}

/**
 * Custom APIs (actions; not functions). What the handler does is not undone when a synchronous step fails.
 * https://learn.microsoft.com/power-apps/developer/data-platform/custom-api
 */
export class CustomApis {
  readonly #d: CustomApiDependencies;
  readonly #apis = new Map<string, CustomApiDefinition>();

  constructor(dependencies: CustomApiDependencies) {
    this.#d = dependencies;
  }

  /** Adds an API and the message for which steps can be registered. */
  async define(name: string, definition: CustomApiDefinition): Promise<void> {
    if (this.#apis.has(name)) throw new Error(`There is a custom API '${name}' already.`);
    if (definition.boundTo !== undefined) this.#d.catalog.table(definition.boundTo);
    this.#apis.set(name, definition);
    const message = await this.#d.operations.create('sdkmessage', { name, isprivate: false });
    const filter = messageFilter({ table: 'sdkmessage', id: message }, definition.boundTo ?? 'none');
    await this.#d.operations.create('sdkmessagefilter', filter);
  }

  /** The API of this name; undefined when there is none. */
  find(name: string): CustomApiDefinition | undefined {
    return this.#apis.get(name);
  }

  /** Calls an API and returns its properties. */
  async call(
    name: string,
    values: ApiValues,
    given: Reference | undefined,
    options: OperationOptions = {},
  ): Promise<readonly Parameter[]> {
    const target = given === undefined ? undefined : { table: given.table, id: given.id.toLowerCase() };
    const api = this.#apis.get(name);
    if (api === undefined) throw badRequest(`There is no custom API '${name}'.`);
    if (target?.table !== api.boundTo) {
      throw badRequest(`'${name}' is called on ${api.boundTo === undefined ? 'no row' : `a row of ${api.boundTo}`}.`);
    }
    const input = this.#typed(name, api.requestParameters ?? {}, values);
    const shared = {
      ...options,
      requestId: options.requestId ?? this.#d.random.guid(),
      correlationId: options.correlationId ?? this.#d.random.guid(),
    };
    return this.#d.transactions.run([], shared, async (work) => {
      if (target !== undefined) this.#d.changes.existing(work, this.#d.catalog.table(target.table), target.id);
      const nested = { ...shared, depth: (options.depth ?? 1) + 1 };
      const result = await api.handler?.({ target, parameters: values, options: nested });
      const empty = Object.keys(api.responseProperties ?? {}).map((property) => [property, null] as const);
      const output = this.#typed(name, api.responseProperties ?? {}, { ...Object.fromEntries(empty), ...result });
      const parameters = target === undefined ? input : [referenceParameter('Target', target), ...input];
      work.raise({
        message: name,
        table: target?.table ?? 'none',
        id: target?.id ?? EMPTY_GUID,
        requested: parameters,
        input: parameters,
        output,
        images: {},
        columns: [],
      });
      return output;
    });
  }

  #typed(api: string, types: Readonly<Record<string, ApiParameterType>>, values: ApiValues): readonly Parameter[] {
    return Object.entries(values).map(([name, value]) => {
      const type = types[name];
      if (type === undefined) throw unknownParameter(api, name);
      return { name, value: this.#d.parameters.typed(name, type, value) };
    });
  }
}

/** A parameter that the operation does not have. */
export const unknownParameter = (api: string, name: string): Error =>
  badRequest(
    `The parameter '${name}' in the request payload is not a valid parameter for the operation '${api}'.`,
    '0x80048d19',
  );

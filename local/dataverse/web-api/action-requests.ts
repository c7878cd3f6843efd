import type { ApiParameters, ApiValue } from './action-parameters';
import { readBody, requestOptions, type ApiRequest, type ApiResponse } from './api-request';
import type { BulkOperations } from '../operations/row-operations';
import { unknownParameter, type CustomApis } from '../operations/custom-apis';
import { badRequest, DataverseError, noResource } from '../dataverse-error';
import { ENDPOINT_CHECK, type EndpointChecks } from '../registration/endpoint-checks';
import type { RowKeys } from './row-keys';
import { isList, isObject, type Json, type JsonObject } from './json-text';
import type { RowMessages } from '../operations/assign-state-merge';
import type { Table } from '../metadata/table';
import type { Reference } from '../rows/value';

/** What actions work with. */
export interface ActionRequestDependencies {
  readonly bulk: BulkOperations;
  readonly messages: RowMessages;
  readonly customApis: CustomApis;
  readonly checks: EndpointChecks;
  readonly parameters: ApiParameters;
  readonly keys: RowKeys;
}

/** Bound actions come under the namespace. */
export const ACTION = /^Microsoft\.Dynamics\.CRM\.(\w+)$/;

/**
 * Actions by POST: Merge, the bulk messages of a table, the check of an endpoint, and custom APIs.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/use-web-api-actions
 */
export class ActionRequests {
  readonly #d: ActionRequestDependencies;

  constructor(dependencies: ActionRequestDependencies) {
    this.#d = dependencies;
  }

  /** Is there an unbound action of this name? */
  has(name: string): boolean {
    return name === 'Merge' || this.#d.customApis.find(name) !== undefined;
  }

  /** Answers `POST /Merge` or `POST /new_ShipOrder`. */
  unbound(request: ApiRequest, name: string): Promise<ApiResponse> {
    const body = posted(request);
    return name === 'Merge' ? this.#merge(request, body) : this.#custom(request, name, body, undefined);
  }

  /** Answers `POST /accounts/Microsoft.Dynamics.CRM.CreateMultiple` or an action on one row. */
  async bound(request: ApiRequest, table: Table, key: string | undefined, name: string): Promise<ApiResponse> {
    const body = posted(request);
    if (key === undefined) return this.#multiple(request, table, name, body);
    const id = this.#d.keys.id(table, key);
    if (name === ENDPOINT_CHECK && table.logicalName === 'serviceendpoint') {
      this.#d.checks.start(id, request.caller.actsAs);
      return { status: 204 };
    }
    return this.#custom(request, name, body, { table: table.logicalName, id });
  }

  async #merge(request: ApiRequest, body: JsonObject): Promise<ApiResponse> {
    const part = (name: string) => this.#d.parameters.entity(objectOf(name, body[name]));
    const [target, subordinate] = [part('Target'), part('Subordinate')];
    if (target.table !== subordinate.table) throw badRequest('Target and Subordinate are rows of different tables.');
    const content =
      body.UpdateContent === undefined || body.UpdateContent === null ? {} : part('UpdateContent').columns;
    await this.#d.messages.merge(target.table, target.id, subordinate.id, content, {
      ...requestOptions(request),
      performParentingChecks: body.PerformParentingChecks === true,
    });
    return { status: 204 };
  }

  async #multiple(request: ApiRequest, table: Table, name: string, body: JsonObject): Promise<ApiResponse> {
    const targets = isList(body.Targets ?? null) ? (body.Targets as readonly Json[]) : [];
    const rows = targets.map((item) => this.#d.parameters.entity(objectOf('Targets', item)));
    const foreign = rows.find((row) => row.table !== table.logicalName);
    if (foreign !== undefined) throw badRequest(`A row of Targets is one of ${foreign.table}.`);
    const columns = rows.map((row) => row.columns);
    const options = requestOptions(request);
    switch (name) {
      case 'CreateMultiple': {
        const ids = await this.#d.bulk.createMultiple(table.logicalName, columns, options);
        return { status: 200, body: { '@odata.context': responseContext(request, name), Ids: ids } };
      }
      case 'UpdateMultiple':
        await this.#d.bulk.updateMultiple(table.logicalName, columns, options);
        return { status: 204 };
      case 'UpsertMultiple':
        await this.#d.bulk.upsertMultiple(table.logicalName, columns, options);
        return { status: 204 };
      case 'DeleteMultiple': {
        const ids = rows.map(({ id }) => id);
        await this.#d.bulk.deleteMultiple(table.logicalName, ids, options);
        return { status: 204 };
      }
      default:
        throw noResource(`Microsoft.Dynamics.CRM.${name}`);
    }
  }

  async #custom(
    request: ApiRequest,
    name: string,
    body: JsonObject,
    target: Reference | undefined,
  ): Promise<ApiResponse> {
    const api = this.#d.customApis.find(name);
    if (api === undefined) throw noResource(target === undefined ? name : `Microsoft.Dynamics.CRM.${name}`);
    const values = Object.entries(body).map(([parameter, json]): [string, ApiValue] => {
      const type = api.requestParameters?.[parameter];
      if (type === undefined) throw unknownParameter(name, parameter);
      return [parameter, this.#d.parameters.read(parameter, type, json)];
    });
    const options = requestOptions(request);
    const output = await this.#d.customApis.call(name, Object.fromEntries(values), target, options);
    if (output.length === 0) return { status: 204 };
    const properties = output.map(({ name: property, value }) => [property, this.#d.parameters.write(value)] as const);
    return {
      status: 200,
      body: { '@odata.context': responseContext(request, name), ...Object.fromEntries(properties) },
    };
  }
}

function posted(request: ApiRequest): JsonObject {
  if (request.method !== 'POST') throw new DataverseError(405, '0x80060888', 'Actions are called by POST.');
  return request.body.trim() === '' ? {} : readBody(request.body);
}

function objectOf(name: string, json: Json | undefined): JsonObject {
  if (json !== undefined && isObject(json)) return json;
  throw badRequest(`'${name}' has to be a row.`, '0x80048d19');
}

const responseContext = (request: ApiRequest, name: string): string =>
  `${request.serviceRoot}/$metadata#Microsoft.Dynamics.CRM.${name}Response`;

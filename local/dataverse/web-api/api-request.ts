import type { IncomingHttpHeaders } from 'node:http';
import { badRequest, invalidArgument } from '../dataverse-error';
import type { Bypass } from '../events/raise-events';
import type { OperationOptions, Transaction } from '../operations/transactions';
import { isObject, readJson, type Json, type JsonObject } from './json-text';
import type { PartRequest } from './multipart';
import type { ODataQuery, Preferences } from './odata-query';

/** Who sends a request. */
export interface Caller {
  /** systemuserid of the application user. */
  readonly userId: string;
  /** systemuserid of the user whom it acts for: its own without another one. */
  readonly actsAs: string;
}

/** A request to the Web API, its URL taken apart. */
export interface ApiRequest {
  readonly method: string;
  /** `https://127.0.0.1:5000/api/data/v9.2`. */
  readonly serviceRoot: string;
  /** The path below the service root, decoded: `accounts(…)`. */
  readonly path: string;
  /** The query string as it came. */
  readonly search: string;
  readonly query: ODataQuery;
  readonly prefer: Preferences;
  readonly tag: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly caller: Caller;
  /** That of the change set which the request is part of. */
  readonly transaction?: Transaction;
  /** Carries out an operation of a batch as a request of its own. */
  readonly perform: (operation: BatchedOperation) => Promise<ApiResponse>;
}

/** An operation of a batch; what its change set changes becomes one transaction. */
export interface BatchedOperation extends PartRequest {
  readonly transaction?: Transaction;
}

/** An answer of the Web API; without a body there is none. */
export interface ApiResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** A body that is plain text (`$count`) unless its headers say otherwise. */
  readonly text?: string;
  /** What is answered once the change set is committed, where that differs. */
  readonly committed?: () => ApiResponse;
}

/** A request's body as a JSON object. */
export function readBody(text: string): JsonObject {
  let body: Json;
  try {
    body = readJson(text);
  } catch {
    throw badRequest('The request body is not valid JSON.', '0x80048d19');
  }
  if (!isObject(body)) throw badRequest('The request body is not a JSON object.', '0x80048d19');
  return body;
}

/** Who acts by a Web API request and how: as the caller, or as the user whom the caller acts for. */
export function requestOptions({ caller, headers, tag, transaction }: ApiRequest): OperationOptions {
  const bypass = bypassOf(headers);
  return {
    user: caller.actsAs,
    initiatingUser: caller.userId,
    userAgent: headers['user-agent'] ?? '',
    strict: true,
    ...(tag === undefined ? {} : { tag }),
    ...(transaction === undefined ? {} : { transaction }),
    ...(bypass === undefined ? {} : { bypass }),
  };
}

/** A header that is sent once. */
export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(',') : value;
}

const MOST_STEPS = 3;

/**
 * The custom logic that the request leaves out. Whether the caller may is the caller's matter.
 * https://learn.microsoft.com/power-apps/developer/data-platform/bypass-custom-business-logic
 */
function bypassOf(headers: IncomingHttpHeaders): Bypass | undefined {
  const names = (name: string): string[] =>
    (header(headers, name) ?? '')
      .replaceAll('"', '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  const steps = names('MSCRM.BypassBusinessLogicExecutionStepIds').map((id) => id.toLowerCase());
  if (steps.length > MOST_STEPS) {
    throw invalidArgument(`BypassBusinessLogicExecutionStepIds has more than ${MOST_STEPS} steps.`);
  }
  const kinds = names('MSCRM.BypassBusinessLogicExecution');
  const old = header(headers, 'MSCRM.BypassCustomPluginExecution')?.toLowerCase() === 'true';
  const modes: Bypass['modes'][number][] = [];
  if (kinds.includes('CustomSync') || old) modes.push('sync');
  if (kinds.includes('CustomAsync')) modes.push('async');
  return steps.length + modes.length === 0 ? undefined : { steps, modes };
}

import type { IncomingHttpHeaders } from 'node:http';
import { badRequest } from '../dataverse-error';
import type { OperationOptions } from '../operations/transactions';
import { isObject, readJson, type Json, type JsonObject } from './json-text';
import type { ODataQuery, Preferences } from './odata-query';

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
}

/** An answer of the Web API; without a body there is none. */
export interface ApiResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** A body that is plain text (`$count`). */
  readonly text?: string;
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

/** Who acts by a Web API request: the application user, whom MSCRMCallerID lets act as another one. */
export function requestOptions(request: ApiRequest, applicationUserId: string): OperationOptions {
  const caller = request.headers.mscrmcallerid;
  return {
    user: typeof caller === 'string' ? caller.toLowerCase() : applicationUserId,
    initiatingUser: applicationUserId,
    userAgent: request.headers['user-agent'] ?? '',
    ...(request.tag === undefined ? {} : { tag: request.tag }),
  };
}

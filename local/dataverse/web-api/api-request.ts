import type { IncomingHttpHeaders } from 'node:http';
import type { Json } from './json-text';
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

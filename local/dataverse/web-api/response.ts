import type { ApiResponse } from './api-request';
import { writeJson, type Json } from './json-text';
import { asDataverseError } from './row-requests';

/** The body of a response and its type; undefined when there is none. */
export function contentOf({ text, body }: ApiResponse): { readonly type: string; readonly text: string } | undefined {
  if (text !== undefined) return { type: 'text/plain', text };
  if (body === undefined) return undefined;
  return { type: 'application/json; odata.metadata=minimal', text: writeJson(body satisfies Json, 'webApi') };
}

/** The response that tells of an error. */
export function refusal(error: unknown): ApiResponse {
  const { status, code, message, headers } = asDataverseError(error);
  return { status, headers, body: { error: { code, message } } };
}

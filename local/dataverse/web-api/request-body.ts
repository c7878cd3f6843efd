import { badRequest } from '../dataverse-error';
import { isObject, readJson, type Json, type JsonObject } from './json-text';

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

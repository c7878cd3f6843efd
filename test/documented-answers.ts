/** docs/openapi.json as a judge of what the app's endpoints answer and take. */
import Ajv from 'ajv';
import { readFileSync } from 'node:fs';

interface Operation {
  readonly responses: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>>;
}

/** The parts of the document that tests look into. */
export interface Document {
  readonly basePath: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly definitions: Readonly<Record<string, { readonly required?: readonly string[] }>>;
}

export const DOCUMENT = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as Document;

type Endpoint = 'webhook' | 'validate';

const responsesOf = (endpoint: Endpoint) => DOCUMENT.paths[`/${endpoint}`]?.post?.responses ?? {};

/** The statuses that an endpoint answers by the document. */
export const documentedStatuses = (endpoint: Endpoint): number[] => Object.keys(responsesOf(endpoint)).map(Number);

// A schema of OpenAPI 2.0 is one of JSON Schema's but for what it adds, which says nothing of values.
const ajv = new Ajv({ strict: false, allErrors: true }).addSchema({
  $id: 'openapi',
  definitions: DOCUMENT.definitions,
});

/** What is wrong with a value by one of the document's definitions; nothing, if it fits. */
export function misfits(definition: string, value: unknown): readonly string[] {
  const validate = ajv.getSchema(`openapi#/definitions/${definition}`);
  if (validate === undefined) return [`There is no definition ${definition}.`];
  if (validate(value) === true) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${definition}${instancePath} ${message ?? ''}`);
}

/** What is wrong with an answer by the document; nothing, if it is one that is documented. */
export function undocumented(status: number | undefined, body: unknown, of: Endpoint = 'webhook'): readonly string[] {
  const reference = responsesOf(of)[String(status)]?.schema.$ref;
  if (reference === undefined) return [`Status ${status} isn't documented.`];
  return misfits(reference.replace('#/definitions/', ''), body);
}

/**
 * How the real host turns trigger metadata (.NET values) into what the worker gets. The losses are the point: the library then parses every
 * string as JSON and lower-cases the first letter of every key, so that local runs see what Azure shows, traps included
 * (GrpcMessageConversionExtensions and Utility.ApplyBindingData in https://github.com/Azure/azure-functions-host).
 */
import { withoutLastZeros } from '../../shared/json/exact-number';
import type { TypedData } from './core-api';

/** Trigger metadata; a member that is undefined is left out, as the host leaves out nulls. */
export type Metadata = Readonly<Record<string, TypedData | undefined>>;

/** A .NET `string`. */
export const text = (value: string | null | undefined): TypedData | undefined =>
  value === null || value === undefined ? undefined : { string: value };

/** Any .NET object: it travels as JSON. */
export const json = (value: unknown): TypedData | undefined =>
  value === null || value === undefined ? undefined : { json: JSON.stringify(value) };

/** A .NET `string[]`. Null and empty entries are dropped, so the entry at an index may belong to a later message. */
export const texts = (values: readonly (string | null | undefined)[]): TypedData => ({
  collectionString: { string: values.filter((value) => typeof value === 'string' && value !== '') as string[] },
});

/** A .NET `long[]`. */
export const longs = (values: readonly number[]): TypedData => ({ collectionSint64: { sint64: values } });

/** A .NET `DateTime` of unspecified kind: it carries no zone and no trailing zeros. */
export const dateTime = (value: Date | undefined): string | undefined =>
  value && withoutLastZeros(value.toISOString().slice(0, -1));

/** A .NET `DateTimeOffset`. */
export const dateTimeOffset = (value: Date | undefined): string | undefined => {
  const local = dateTime(value);
  return local === undefined ? undefined : `${local}+00:00`;
};

/** The body as the SDKs give it when told not to parse: bytes, or a value if the sender used an AMQP value section. */
export function bodyBytes(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? ''), 'utf8');
}

/** The body of one delivery, as text unless the trigger says `dataType: 'binary'`. */
export function oneBody(body: Buffer, binary: boolean): TypedData {
  return binary ? { bytes: body } : { string: body.toString('utf8') };
}

/** The bodies of a batch. Empty ones are dropped from text batches, so bodies and metadata may not line up. */
export function manyBodies(bodies: readonly Buffer[], binary: boolean): TypedData {
  return binary ? { collectionBytes: { bytes: bodies } } : texts(bodies.map((body) => body.toString('utf8')));
}

/**
 * Lays the top-level members of a JSON text body over the metadata of its delivery: a body's `messageId` replaces the real one. The host does so only
 * for text, only for objects, and leaves arrays and nulls out; names match whatever their case.
 */
export function withBodyMembers(metadata: Metadata, data: TypedData): Record<string, TypedData> {
  const result: Record<string, TypedData> = {};
  for (const [name, value] of Object.entries(metadata)) if (value !== undefined) result[name] = value;
  for (const [name, value] of Object.entries(jsonMembers(data.string ?? ''))) {
    if (value === null || Array.isArray(value)) continue;
    const existing = Object.keys(result).find((key) => key.toLowerCase() === name.toLowerCase());
    result[existing ?? name] =
      typeof value === 'object' ? { json: JSON.stringify(value) } : { string: netString(value) };
  }
  return result;
}

function jsonMembers(body: string): object {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

/** A JSON scalar as Newtonsoft's `(string)JToken` writes it: capitalised booleans, and ISO times parsed and printed the invariant way. */
function netString(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.test(value)) {
    const time = new Date(/(Z|[+-]\d\d:\d\d)$/.test(value) ? value : `${value}Z`);
    if (!Number.isNaN(time.getTime())) {
      const [date = '', clock = ''] = time.toISOString().split(/[T.]/);
      const [year = '', month = '', day = ''] = date.split('-');
      return `${month}/${day}/${year} ${clock}`;
    }
  }
  return String(value);
}

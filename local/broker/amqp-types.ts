import { types, type Typed } from 'rhea';

/** Reads AMQP-encoded values one after the other; `position` is the offset of the next one. */
export interface AmqpReader {
  position: number;
  remaining(): number;
  read(): Typed;
}

/** Appends AMQP-encoded values. */
export interface AmqpWriter {
  write(value: Typed): void;
  toBuffer(): Buffer;
}

/** What rhea's type module has at run time and its declaration leaves out: the codec itself and the wide compounds. */
interface UndeclaredTypes {
  readonly Reader: new (buffer: Buffer) => AmqpReader;
  readonly Writer: new () => AmqpWriter;
  readonly List32: (items: readonly (Typed | undefined)[]) => Typed;
  readonly Map32: (keysAndValues: readonly Typed[]) => Typed;
}

const undeclared = types as unknown as UndeclaredTypes;

/** Codes of the array constructors used in replies; AMQP arrays name one type for all items. */
const ARRAY_OF = { long: 0x81, timestamp: 0x83, string: 0xa1 } as const;

/** A reader over encoded values. */
export const readerOf = (buffer: Buffer): AmqpReader => new undeclared.Reader(buffer);

/** Encodes values one after the other. */
export function encode(values: readonly Typed[]): Buffer {
  const writer = new undeclared.Writer();
  for (const value of values) writer.write(value);
  return writer.toBuffer();
}

/** A described value: how AMQP marks message sections, outcomes and errors. */
export const described = (code: number, value: Typed): Typed =>
  types.described_nc(types.wrap_ulong(code), value) as Typed;

/** A list; an absent item is encoded as null. */
export const list = (items: readonly (Typed | undefined)[]): Typed => undeclared.List32(items);

/** A map from keys and values in turn. */
export const map = (keysAndValues: readonly Typed[]): Typed => undeclared.Map32(keysAndValues);

/** An array of one type. */
export const arrayOf = (type: keyof typeof ARRAY_OF, items: readonly (number | string)[]): Typed =>
  types.wrap_array(items, ARRAY_OF[type], undefined);

const symbols = new Map<string, Typed>();

/** A symbol; the broker uses a fixed set of them, so each is wrapped once. */
export function symbol(name: string): Typed {
  const known = symbols.get(name) ?? types.wrap_symbol(name);
  symbols.set(name, known);
  return known;
}

/** The number in a decoded value: rhea gives a Buffer for what exceeds 2^53, a Date for a timestamp. */
export function numberOf(value: unknown): number {
  if (Buffer.isBuffer(value)) return Number(value.readBigInt64BE(0));
  if (value instanceof Date) return value.getTime();
  return Number(value);
}

/** The string in a decoded value; undefined for anything else. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Numbers out of a decoded list or array. */
export const numbersOf = (value: unknown): number[] => (Array.isArray(value) ? value.map(numberOf) : []);

/** A decoded map as a record; empty for anything else. */
export const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** A scalar with the type that .NET knows it by. */
export type Scalar =
  | { readonly kind: 'string' | 'guid' | 'long' | 'decimal'; readonly text: string }
  | { readonly kind: 'boolean'; readonly flag: boolean }
  | { readonly kind: 'bytes'; readonly base64: string }
  | { readonly kind: 'int' | 'double'; readonly number: number }
  /** A time of kind UTC, or one without a zone, which JSON shows with the server's. */
  | { readonly kind: 'dateTime'; readonly epochMs: number; readonly zone: 'utc' | 'none' }
  /** JSON shows the number, XML the name. */
  | { readonly kind: 'enum'; readonly name: string; readonly number: number };

/** Members of an object, in the ordinal order in which contracts are written. */
export type Members = Readonly<Record<string, ContractValue>>;

/** An object by the name of its contract: `Entity`. */
export interface ContractObject {
  readonly kind: 'object';
  readonly type: string;
  readonly members: Members;
}

/** A key with its value. */
export interface Pair {
  readonly key: string;
  readonly value: ContractValue;
}

/** Collections of pairs: what their values are declared as is part of the name. */
export type PairsType = 'anyType' | 'string' | 'Entity' | 'keyAttributes' | 'related' | 'dictionary';

/** Collections of objects or scalars. */
export type ListType =
  'Entities' | 'EntityReferenceCollection' | 'OptionSetValueCollection' | 'ArrayOfstring' | 'ArrayOfguid';

/** What a data contract holds, before it is known in which form it is sent. */
export type ContractValue =
  | null
  | Scalar
  | ContractObject
  | { readonly kind: 'pairs'; readonly type: PairsType; readonly pairs: readonly Pair[] }
  | { readonly kind: 'list'; readonly type: ListType; readonly items: readonly (ContractObject | Scalar)[] };

/** A text. */
export const textValue = (text: string): Scalar => ({ kind: 'string', text });
/** An id. */
export const guidValue = (text: string): Scalar => ({ kind: 'guid', text });
/** A whole number. */
export const intValue = (number: number): Scalar => ({ kind: 'int', number });
/** Yes or no. */
export const flagValue = (flag: boolean): Scalar => ({ kind: 'boolean', flag });
/** A collection of pairs. */
export const pairsValue = (type: PairsType, pairs: readonly Pair[]): ContractValue => ({ kind: 'pairs', type, pairs });

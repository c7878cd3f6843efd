import type { ColumnDefinition } from '../metadata/table';
import { asReference, valueText, type Reference, type Value } from './value';

/** How dates are written: the Web API follows the user's format settings, an image is ISO in the user's zone. */
export type DateForm = { readonly kind: 'webApi' } | { readonly kind: 'image'; readonly utcOffsetMinutes: number };

/** The primary name of a referenced row; null when the row has none or is gone. */
export type NameOf = (reference: Reference) => string | null;

const GROUPED = new Intl.NumberFormat('en-US');

/** `1234567.5` as `1,234,567.50`: exact, from the digits. */
function grouped(digits: string, places: number | undefined): string {
  const [whole = '', fraction = ''] = digits.split('.');
  const shown = places === undefined ? fraction : fraction.slice(0, places).padEnd(places, '0');
  return GROUPED.format(whole as `${number}`) + (shown === '' ? '' : `.${shown}`);
}

const two = (value: number): string => String(value).padStart(2, '0');

function offsetText(minutes: number): string {
  // The platform writes a zero offset as -00:00.
  const size = Math.abs(minutes);
  return `${minutes > 0 ? '+' : '-'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function formattedDate(column: Extract<ColumnDefinition, { type: 'dateTime' }>, text: string, form: DateForm): string {
  const ms = Date.parse(text);
  if (form.kind === 'image') {
    const local = column.behavior === 'UserLocal' ? ms + form.utcOffsetMinutes * 60_000 : ms;
    return new Date(local).toISOString().slice(0, 19) + offsetText(form.utcOffsetMinutes);
  }
  const at = new Date(ms);
  const day = `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()}`;
  if (column.behavior === 'DateOnly') return day;
  return `${day} ${at.getUTCHours() % 12 || 12}:${two(at.getUTCMinutes())} ${at.getUTCHours() < 12 ? 'AM' : 'PM'}`;
}

/** A value as the platform shows it to a user; undefined for types that have no form of their own (text, ids). */
export function formattedValue(
  column: ColumnDefinition,
  value: Value,
  form: DateForm,
  nameOf: NameOf,
): string | undefined {
  if (value === null) return undefined;
  const digits = valueText(value);
  switch (column.type) {
    case 'string':
    case 'memo':
    case 'uniqueidentifier':
    case 'image':
    case 'file':
      return undefined;
    case 'integer':
    case 'bigint':
      return grouped(digits, undefined);
    case 'double':
    case 'decimal':
      return grouped(digits, column.precision);
    case 'money':
      return digits.startsWith('-') ? `($${grouped(digits.slice(1), 2)})` : `$${grouped(digits, 2)}`;
    case 'managed':
      return value === true ? 'True' : 'False';
    case 'boolean':
      return value === true ? (column.yes ?? 'Yes') : (column.no ?? 'No');
    case 'dateTime':
      return formattedDate(column, digits, form);
    case 'choice':
    case 'state':
    case 'status':
      return column.options.find((option) => option.value === value)?.label;
    case 'choices': {
      const values: readonly unknown[] = Array.isArray(value) ? value : [];
      return column.options
        .filter((option) => values.includes(option.value))
        .map((option) => option.label)
        .join('; ');
    }
    case 'lookup':
    case 'customer':
    case 'owner': {
      const reference = asReference(value);
      return reference === undefined ? undefined : (nameOf(reference) ?? undefined);
    }
    default:
      return column satisfies never;
  }
}

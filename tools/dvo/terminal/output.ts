/** How commands print: tables, times, JSON and counts. */
import { visible } from '../../../shared/errors/visible';

/** A column of a table of text: its heading, and how wide it is at least. */
export interface TextColumn {
  readonly heading: string;
  readonly width: number;
}

/**
 * Lines of a table that is written while its rows come in: widths can't wait for the longest cell, so a longer one pushes
 * its line.
 */
export function textTable(columns: readonly TextColumn[]): {
  readonly heading: string;
  readonly line: (cells: readonly string[]) => string;
} {
  const line = (cells: readonly string[]): string =>
    `${columns
      .map(({ width }, index) => visible(cells[index] ?? '').padEnd(width))
      .join('  ')
      .trimEnd()}\n`;
  return { heading: line(columns.map(({ heading }) => heading)), line };
}

/** A time as every command shows and takes it: `2026-03-14T09:26:53Z`. */
export const timeText = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`;

/** Values that JSON has no form for, in one that people can read: maps as objects, large integers as their digits, … */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Map) return plainMembers(value.entries());
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return plainMembers(Object.entries(value));
  return value;
}

/** `fromEntries` defines members, so that one called `__proto__` stays a member. */
const plainMembers = (entries: Iterable<readonly [unknown, unknown]>): object =>
  Object.fromEntries([...entries].map(([name, value]) => [String(name), plain(value)]));

/** Anything of the change model as JSON text of several lines. */
export const plainJson = (value: unknown): string => JSON.stringify(plain(value), null, 2);

/** Counts by name, such as by code. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Most frequent first: `account 3, contact 1`. */
  get text(): string {
    return this.#sorted()
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  }

  /** A line for each, most frequent first. */
  get lines(): readonly string[] {
    const sorted = this.#sorted();
    const width = Math.max(0, ...sorted.map(([, count]) => String(count).length));
    return sorted.map(([name, count]) => `${String(count).padStart(width)}  ${name}`);
  }

  #sorted(): readonly (readonly [string, number])[] {
    return [...this.#counts].sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1));
  }
}

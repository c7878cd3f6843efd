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

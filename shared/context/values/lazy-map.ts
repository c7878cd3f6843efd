/**
 * A read-only map whose values are made when they are first asked for: a context has parts that most readers never
 * look at. Asking for one value makes that one only; going through the map makes all.
 */
export class LazyMap<S, V> implements ReadonlyMap<string, V> {
  private readonly made = new Map<string, V>();

  /** @param sources what each value is made of, by its name, in order */
  constructor(
    private readonly sources: ReadonlyMap<string, S>,
    private readonly make: (source: S, name: string) => V,
  ) {}

  get size(): number {
    return this.sources.size;
  }

  has(name: string): boolean {
    return this.sources.has(name);
  }

  get(name: string): V | undefined {
    const source = this.sources.get(name);
    return source === undefined ? undefined : this.once(source, name);
  }

  keys(): MapIterator<string> {
    return this.sources.keys();
  }

  values(): MapIterator<V> {
    return this.all().values();
  }

  entries(): MapIterator<[string, V]> {
    return this.all().entries();
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  forEach(callback: (value: V, name: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [name, value] of this.all()) callback(value, name, this);
  }

  private once(source: S, name: string): V {
    const known = this.made.get(name);
    // A value may be null, never undefined, so undefined means that it is not made yet.
    if (known !== undefined) return known;
    const value = this.make(source, name);
    this.made.set(name, value);
    return value;
  }

  /** All values, in the order of the sources. */
  private all(): Map<string, V> {
    return new Map([...this.sources].map(([name, source]) => [name, this.once(source, name)]));
  }
}

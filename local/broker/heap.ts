/** A binary min-heap: `push` and `pop` in O(log n), the smallest item first. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    let hole = this.#items.push(item) - 1;
    while (hole > 0) {
      const up = (hole - 1) >> 1;
      const parent = this.#items[up];
      if (parent === undefined || !this.#before(item, parent)) break;
      this.#items[hole] = parent;
      hole = up;
    }
    this.#items[hole] = item;
  }

  pop(): T | undefined {
    const smallest = this.#items[0];
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) this.#sink(last);
    return smallest;
  }

  /** Removes an item wherever it stands, in O(n). */
  remove(item: T): void {
    const rest = this.#items.filter((other) => other !== item);
    this.#items.length = 0;
    for (const other of rest) this.push(other);
  }

  /** Lets an item sink from the top to its place. */
  #sink(item: T): void {
    let hole = 0;
    for (;;) {
      const child = this.#smallerChild(hole);
      const below = child === undefined ? undefined : this.#items[child];
      if (child === undefined || below === undefined || !this.#before(below, item)) break;
      this.#items[hole] = below;
      hole = child;
    }
    this.#items[hole] = item;
  }

  #smallerChild(parent: number): number | undefined {
    const left = 2 * parent + 1;
    const [a, b] = [this.#items[left], this.#items[left + 1]];
    if (a === undefined) return undefined;
    return b !== undefined && this.#before(b, a) ? left + 1 : left;
  }
}

interface Answer<T> {
  readonly source: AsyncIterator<T>;
  readonly result: IteratorResult<T>;
}

/**
 * What several sources give, as it comes: so many of them are open at once, and the next of each is asked for while the last is
 * looked at. All are ended with it, and when one of them fails.
 */
export async function* sideBySide<T>(sources: readonly AsyncIterable<T>[], width: number): AsyncIterable<T> {
  const open = new Map<AsyncIterator<T>, Promise<Answer<T>>>();
  const ask = (source: AsyncIterator<T>): void => {
    const answer = source.next().then((result) => ({ source, result }));
    // Whoever waits for it is told; until then nobody does.
    answer.catch(() => undefined);
    open.set(source, answer);
  };
  const unopened = sources.values();
  const openNext = (): void => {
    const { value } = unopened.next();
    if (value !== undefined) ask(value[Symbol.asyncIterator]());
  };
  for (let count = 0; count < width; count += 1) openNext();
  try {
    while (open.size > 0) {
      const { source, result } = await Promise.race(open.values());
      open.delete(source);
      if (result.done === true) openNext();
      else {
        ask(source);
        yield result.value;
      }
    }
  } finally {
    for (const source of open.keys()) source.return?.().catch(() => undefined);
  }
}

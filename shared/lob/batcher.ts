interface Asked<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Does together what is asked for at about the same time, so that whoever asks needs to know of one thing only.
 *
 * @param run gives results in the order of the items
 * @param defer calls back once those who were called back before have gone on
 */
export function batched<T, R>(
  run: (items: readonly T[]) => Promise<readonly R[]>,
  defer: (then: () => void) => void,
): (item: T) => Promise<R> {
  let waiting: Asked<T, R>[] = [];
  const flush = async (): Promise<void> => {
    const asked = waiting;
    waiting = [];
    try {
      const results = await run(asked.map(({ item }) => item));
      for (const [at, { resolve }] of asked.entries()) resolve(results[at] as R);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (waiting.length === 1) defer(() => void flush());
    });
}

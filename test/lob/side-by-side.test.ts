/** Proves that sources are read side by side: so many at once, each one page ahead, none left open, no failure lost. */
import { describe, expect, test } from '@jest/globals';
import { sideBySide } from '../../shared/lob/tables/side-by-side';

/** Sources of so many pages each, which note what is done with them; one may fail at a page. */
function world(sizes: readonly number[], failsAt?: readonly [source: number, page: number]) {
  const noted = { open: 0, most: 0, asked: 0, ended: 0 };
  const sources = sizes.map((size, source) => {
    async function* pages(): AsyncIterable<string> {
      noted.open += 1;
      noted.most = Math.max(noted.most, noted.open);
      try {
        for (let page = 0; page < size; page += 1) {
          noted.asked += 1;
          await Promise.resolve();
          if (failsAt?.[0] === source && failsAt[1] === page) throw new Error('no answer');
          yield `${source}.${page}`;
        }
      } finally {
        noted.open -= 1;
        noted.ended += 1;
      }
    }
    return pages();
  });
  return { noted, sources };
}

async function all(pages: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const page of pages) found.push(page);
  return found;
}

const everything = (sizes: readonly number[]): string[] =>
  sizes.flatMap((size, source) => Array.from({ length: size }, (_, page) => `${source}.${page}`));

describe('side by side', () => {
  test.each([
    [[3, 0, 2, 5, 1], 2, 2],
    [[1, 1, 1], 8, 3],
    [[0, 0, 0, 0], 2, 1],
    [[], 3, 0],
    [[4, 2], 1, 1],
  ])('%j, %i at once: every page once, those of a source in their order', async (sizes, width, most) => {
    const { noted, sources } = world(sizes);
    const found = await all(sideBySide(sources, width));
    expect([...found].sort()).toEqual(everything(sizes).sort());
    for (const [source] of sizes.entries()) {
      const own = found.filter((page) => page.startsWith(`${source}.`));
      expect(own).toEqual([...own].sort());
    }
    expect([noted.most, noted.open]).toEqual([most, 0]);
  });

  test('asks for a page more of a source than was looked at, and for no further one', async () => {
    const { noted, sources } = world([9, 9, 9]);
    const pages = sideBySide(sources, 2)[Symbol.asyncIterator]();
    await pages.next();
    await new Promise(setImmediate);
    expect(noted.asked).toBe(3);
  });

  test('ends all sources when it is left early', async () => {
    const { noted, sources } = world([9, 9, 9]);
    for await (const page of sideBySide(sources, 2)) if (page === '1.2') break;
    await new Promise(setImmediate);
    expect([noted.open, noted.ended]).toEqual([0, 2]);
  });

  test('fails with the source that fails, even if that was while another page was looked at, and ends the others', async () => {
    const { noted, sources } = world([9, 9, 9], [1, 1]);
    const found: string[] = [];
    const run = async (): Promise<void> => {
      for await (const page of sideBySide(sources, 3)) {
        found.push(page);
        await new Promise(setImmediate);
      }
    };
    await expect(run()).rejects.toThrow('no answer');
    await new Promise(setImmediate);
    expect([found.includes('1.0'), noted.open]).toEqual([true, 0]);
  });
});

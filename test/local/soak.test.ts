/**
 * Proves that the soak tells what grows from what goes up and down, and that it does what it says: all ways, faults, an outage
 * of the store, samples of the app's process, and a comparison at the end. Whether figures are flat shows only in an hour.
 */
import { describe, expect, test } from '@jest/globals';
import { join, resolve } from 'node:path';
import { DataverseError } from '../../local/dataverse/dataverse-error';
import { seededRandom } from '../../local/dataverse/random';
import type { Dataverse } from '../../local/dataverse/simulator';
import { flatnessOf, type Point } from '../../local/soak/flatness';
import { soak } from '../../local/soak/soak';
import { SteadyWork } from '../../local/soak/steady-work';
import { builtFolder } from '../build-once';

test('work goes on for ever, also where much of it is refused', async () => {
  const random = seededRandom(3);
  let [made, done, updated] = [0, 0, 0];
  const stop = new AbortController();
  const often = (): Promise<void> => {
    done += 1;
    if (done === 20_000) stop.abort();
    return random.chance(0.3) ? Promise.reject(new DataverseError(400, '', 'It is locked.')) : Promise.resolve();
  };
  const dataverse: Pick<Dataverse, 'users' | 'create' | 'delete' | 'restore' | 'update'> = {
    users: ['a', 'b', 'c'].map((id) => ({ id })) as unknown as Dataverse['users'],
    create: () => Promise.resolve(`id-${(made += 1)}`),
    delete: often,
    restore: often,
    update: () => {
      updated += 1;
      return often();
    },
  };
  const work = new SteadyWork(dataverse as Dataverse, 1);
  await work.begin();
  await work.run(() => true, stop.signal);
  expect(updated).toBeGreaterThan(15_000);
});

describe('flat', () => {
  /** An hour, a sample a second. */
  const hour = (valueAt: (second: number) => number): Point[] =>
    Array.from({ length: 3600 }, (_, second) => ({ atMs: second * 1000, value: valueAt(second) }));
  const noisy = (seed: number, spread: number): (() => number) => {
    const random = seededRandom(seed);
    return () => (random.next() - 0.5) * spread;
  };

  test.each([1, 2, 3, 4, 5])('noise without growth is flat, and with growth it is not: seed %i', (seed) => {
    const noise = noisy(seed, 60);
    expect(
      flatnessOf(
        hour(() => 200 + noise()),
        1,
      ),
    ).toMatchObject({ isFlat: true });
    expect(
      flatnessOf(
        hour((second) => 200 + second / 180 + noise()),
        1,
      ),
    ).toMatchObject({ isFlat: false });
  });

  test('garbage that is collected now and then is flat; a leak below it is not', () => {
    const saw = (second: number): number => 80 + (second % 47) / 2;
    expect(flatnessOf(hour(saw), 1)).toMatchObject({ isFlat: true });
    const leaking = flatnessOf(
      hour((second) => saw(second) + second / 150),
      1,
    );
    expect(leaking).toMatchObject({ isFlat: false });
    expect(leaking?.growth).toBeCloseTo((11 / 12) * (1800 / 150), 0);
  });

  test('what grows in the first half only, what shrinks, and what is negligible is flat', () => {
    expect(
      flatnessOf(
        hour((second) => Math.min(second, 1700)),
        1,
      ),
    ).toMatchObject({ isFlat: true });
    expect(
      flatnessOf(
        hour((second) => 5000 - second),
        1,
      ),
    ).toMatchObject({ isFlat: true });
    const oneMore = hour((second) => (second < 2700 ? 4 : 5));
    expect(flatnessOf(oneMore, 2)).toMatchObject({ isFlat: true });
    expect(flatnessOf(oneMore, 0.5)).toMatchObject({ isFlat: false });
  });

  test('of few samples nothing is said', () => {
    expect(flatnessOf(hour(() => 1).slice(0, 20), 1)).toBeUndefined();
  });
});

test('a soak of 12 s', async () => {
  const folder = await builtFolder();
  const result = await soak({
    ms: 12_000,
    seed: 3,
    appDir: folder,
    root: resolve(__dirname, '../..'),
    dvo: join(folder, 'dist/tools/dvo/dvo.js'),
    signal: new AbortController().signal,
    tell: () => undefined,
  });
  expect(result?.check.differences).toEqual([]);
  expect(result?.check.tables.reduce((sum, { rows }) => sum + rows, 0)).toBeGreaterThan(1000);
  // No LOB system changes anything here, and no rules are asked.
  const handled = Object.entries(result?.deliveries ?? {}).flatMap(([way, count]) =>
    way.startsWith('inbound-') || way === 'validate' ? [] : [count],
  );
  expect([handled.length, Math.min(...handled) > 0]).toEqual([6, true]);
  expect(result?.outages).toBeGreaterThan(0);
  expect(Object.entries(result?.flatness ?? {}).filter(([, of]) => of === undefined)).toEqual([]);
  expect(Object.keys(result?.flatness ?? {}).sort()).toEqual([
    'RSS, MiB',
    'bytes outside of the heap, MiB',
    'entries of dataverse/metadata',
    'entries of dataverse/relationships',
    'entries of writer/writer',
    'event-loop delay P99, ms',
    'handles',
    'heap, MiB',
    'items parked',
    'sockets',
  ]);
});

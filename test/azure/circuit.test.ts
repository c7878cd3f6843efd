/**
 * Proves that a service that doesn't answer is asked by one at a time, with growing pauses, and by all again as soon as it
 * has answered anyone; and that a request's own fault never keeps the others from asking.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { Circuit, equalJitter, type Answer } from '../../shared/azure/circuit';

const DOWN = new Error('no answer');
const FIRST_PAUSE_MS = 1000;

let now: number;
let asked: number;
let events: string[];
let circuit: Circuit;

beforeEach(() => {
  now = 0;
  asked = 0;
  events = [];
  circuit = new Circuit({
    failures: 3,
    firstPauseMs: FIRST_PAUSE_MS,
    longestPauseMs: 4000,
    refusal: (nextAtMs, cause) => new Error(`refused until ${nextAtMs}`, { cause }),
    onOpened: (nextAtMs) => void events.push(`opened until ${nextAtMs}`),
    onClosed: (openMs) => void events.push(`closed after ${openMs}`),
    now: () => now,
    random: () => 1,
  });
});

/** A request with a given end, which ends at once. */
function ask(answer: Answer): Promise<string> {
  const request = (): Promise<string> => {
    asked += 1;
    return answer === 'up' ? Promise.resolve('answer') : Promise.reject(DOWN);
  };
  return circuit.run(request, () => answer);
}

const failing = async (times: number): Promise<void> => {
  for (let time = 0; time < times; time += 1) await expect(ask('down')).rejects.toThrow();
};

test('it opens after so many failures in a row, and is then not asked', async () => {
  await expect(ask('down')).rejects.toBe(DOWN);
  await failing(1);
  // The one that opens it is told so, with its own reason.
  await expect(ask('down')).rejects.toMatchObject({ message: 'refused until 1000', cause: DOWN });
  await expect(ask('up')).rejects.toMatchObject({ message: 'refused until 1000', cause: DOWN });
  expect([asked, events]).toEqual([3, ['opened until 1000']]);
});

test('an answer in between starts the count again', async () => {
  await failing(2);
  expect(await ask('up')).toBe('answer');
  await failing(2);
  expect(await ask('up')).toBe('answer');
  expect(events).toEqual([]);
});

test("a request's own fault neither counts nor starts the count again", async () => {
  await failing(2);
  for (let time = 0; time < 10; time += 1) await expect(ask('unclear')).rejects.toBe(DOWN);
  expect(events).toEqual([]);
  await failing(1);
  expect(events).toHaveLength(1);
});

describe('open', () => {
  beforeEach(() => failing(3));

  test('after the pause one asks, and all others are refused until it has an answer', async () => {
    now = FIRST_PAUSE_MS;
    let answer: (() => void) | undefined;
    const probe = circuit.run(
      () => new Promise<void>((resolve) => (answer = resolve)),
      () => 'up',
    );
    await expect(ask('up')).rejects.toThrow('refused');
    answer?.();
    await probe;
    expect(await ask('up')).toBe('answer');
    expect(events).toEqual(['opened until 1000', 'closed after 1000']);
  });

  test('each probe that fails doubles the pause, up to the longest; the state is told once', async () => {
    const asks: number[] = [];
    for (now = 0; now <= 20_000; now += 500) {
      const before = asked;
      await ask('down').catch(() => undefined);
      if (asked > before) asks.push(now);
    }
    expect(asks).toEqual([1000, 3000, 7000, 11_000, 15_000, 19_000]);
    expect(events).toEqual(['opened until 1000']);
  });

  test('a probe that fails for a reason of its own was answered', async () => {
    now = FIRST_PAUSE_MS;
    await expect(ask('unclear')).rejects.toBe(DOWN);
    expect(await ask('up')).toBe('answer');
  });

  test('an answer to a request that was sent before closes it, a failure changes nothing', async () => {
    const late = new Circuit({
      ...{ failures: 1, firstPauseMs: 1000, longestPauseMs: 1000, now: () => now, random: () => 1 },
      refusal: () => new Error('refused'),
    });
    const ends: ((answer: Answer) => void)[] = [];
    const sent = [0, 1, 2].map(() =>
      late
        .run(
          () => new Promise<Answer>((resolve) => ends.push(resolve)),
          (end) => (end.kind === 'value' ? end.value : 'down'),
        )
        .catch(() => 'refused'),
    );
    ends[0]?.('down');
    ends[1]?.('down');
    expect(await Promise.all(sent.slice(0, 2))).toEqual(['refused', 'refused']);
    ends[2]?.('up');
    await sent[2];
    expect(
      await late.run(
        () => Promise.resolve('asked'),
        () => 'up',
      ),
    ).toBe('asked');
  });

  test('after it has closed, the next pause is the first again', async () => {
    for (now = 1000; now < 10_000; now += 1000) await ask('down').catch(() => undefined);
    now = 20_000;
    await ask('up');
    await failing(3);
    expect(events.at(-1)).toBe('opened until 21000');
  });
});

test.each([
  [0, 5000],
  [0.5, 7500],
  [0.999999, 10_000],
])('jitter %d of 10 s', (random, delay) => expect(equalJitter(10_000, () => random)).toBe(delay));

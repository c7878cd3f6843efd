import autocannon from 'autocannon';
import { quantile } from './figure';

/** What posting took, in milliseconds: until the last answer, and the 99th percentile of the answers. */
export interface Posted {
  readonly all: number;
  readonly p99: number;
}

/**
 * Posts so many bodies. autocannon itself ends up to a second after the last answer, so the answers are timed here.
 *
 * @param expected status of all answers
 */
export function post(
  url: string,
  next: () => Buffer,
  connections: number,
  amount: number,
  expected = 200,
): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    let last = begun;
    const times: number[] = [];
    const others = new Set<number>();
    const ended = (error: unknown): void => {
      if (error instanceof Error) reject(error);
      else if (others.size > 0 || times.length !== amount)
        reject(
          new Error(`${times.length} of ${amount} answered ${expected}; others: ${[...others].join(', ') || 'none'}.`),
        );
      else resolve({ all: last - begun, p99: quantile(times, 0.99) });
    };
    autocannon(
      {
        url,
        connections,
        amount,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        requests: [{ setupRequest: (request) => ({ ...request, body: next() }) }],
      },
      ended,
    ).on('response', (_client, status, _bytes, milliseconds) => {
      last = performance.now();
      if (status === expected) times.push(milliseconds);
      else others.add(status);
    });
  });
}

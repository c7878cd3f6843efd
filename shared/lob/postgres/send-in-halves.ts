import { isRefusal } from './failures';

/**
 * Sends rows in one statement, and in halves where PostgreSQL refuses it over one of them: each that it refuses is found by few
 * statements, and all others are written.
 *
 * @param failed is told of rows that weren't written, at most one at a time where it was refused
 */
export async function inHalves<T>(
  rows: readonly T[],
  send: (rows: readonly T[]) => Promise<void>,
  failed: (rows: readonly T[], error: unknown) => void,
): Promise<void> {
  try {
    await send(rows);
  } catch (error) {
    if (rows.length === 1 || !isRefusal(error)) {
      failed(rows, error);
      return;
    }
    const half = Math.ceil(rows.length / 2);
    await inHalves(rows.slice(0, half), send, failed);
    await inHalves(rows.slice(half), send, failed);
  }
}

import { setTimeout } from 'node:timers/promises';

const LIMIT_MS = 5_000;

/** Closes links, but waits no longer than 5 s: a connection that broke meanwhile may never answer. */
export async function closeSoon(closing: Promise<unknown> | undefined): Promise<void> {
  const given = new AbortController();
  const limit = setTimeout(LIMIT_MS, undefined, { signal: given.signal }).catch(() => undefined);
  await Promise.race([closing, limit]).finally(() => given.abort());
}

/** Waiting for what is under way: posts, and pulls. */
import { setTimeout as sleep } from 'node:timers/promises';
import { STANDARD_RELATIONSHIPS } from '../dataverse/metadata/standard-tables';
import type { SpawnedHost } from '../host/spawn-host';
import { SYNCED_TABLES, type Stack } from '../stack/stack';
import type { Figures } from './figures';

/**
 * How long to wait for what was sent to be handled, and for a complete pull, in milliseconds. The longest wait is for the
 * partitions of a host that was killed: the Functions host's clients take them over 2 min 21 s after its last claim (an
 * ownership lasts two minutes), the local host's after 5 s.
 */
export const WAIT_LIMIT_MS = 360_000;

/** Waits until the broker is empty and the app has answered for every post. */
export async function untilHandled({ broker, dataverse }: Stack, figures: Figures, signal: AbortSignal): Promise<void> {
  const limit = performance.now() + WAIT_LIMIT_MS;
  while (!signal.aborted && performance.now() < limit) {
    const { queues, subscriptions } = broker.counts();
    const waiting = [...Object.values(queues), ...Object.values(subscriptions)].reduce(
      (sum, { active, locked, scheduled }) => sum + active + locked + scheduled,
      0,
    );
    if (waiting === 0 && figures.pushesHandled >= dataverse.stats().delivered) return;
    await sleep(100);
  }
}

/** Waits until something holds, at most for a time. */
async function until(holds: () => boolean, limitMs: number): Promise<void> {
  for (const end = performance.now() + limitMs; !holds() && performance.now() < end;) await sleep(100);
}

/** Has every table and the links of every relationship pulled by a run that begins from now on. */
export async function completePull(host: SpawnedHost, figures: Figures, signal: AbortSignal): Promise<void> {
  const from = Date.now();
  const open = new Set<string>([...SYNCED_TABLES, ...STANDARD_RELATIONSHIPS.map(({ schemaName }) => schemaName)]);
  const limit = performance.now() + WAIT_LIMIT_MS;
  const end = figures.onPull(({ table, mode, resumed, failed, begunAt }) => {
    if (!failed && mode !== 'busy' && !resumed && begunAt >= from) open.delete(table);
  });
  try {
    while (open.size > 0 && !signal.aborted) {
      if (performance.now() > limit)
        throw new Error(`Not pulled within ${WAIT_LIMIT_MS / 1000} s: ${[...open].join(', ')}. See the app's log.`);
      await fetch(`${host.url}/admin/functions/pull-sync`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"input":""}',
      });
      await until(() => open.size === 0 || signal.aborted, 2500);
    }
  } finally {
    end();
  }
}

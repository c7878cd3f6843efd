/**
 * Loaded into the app's process before the app (`node --require`), and so into its thread, which prints again and again what it and
 * the process have. The app isn't changed: its caches are found by their class.
 */
import type { LRUCache } from 'lru-cache';
import { createRequire } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { SAMPLE } from './sample';

const EVERY_MS = 200;
const MEBIBYTE = 2 ** 20;

/** In the host's own thread there is nothing of the app. */
if (!isMainThread) probe();

function probe(): void {
  const caches = findCaches();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const sample = (): void => {
    const handles = process.getActiveResourcesInfo();
    const said = {
      'RSS, MiB': process.memoryUsage.rss() / MEBIBYTE,
      'heap, MiB': getHeapStatistics().used_heap_size / MEBIBYTE,
      'bytes outside of the heap, MiB': process.memoryUsage().external / MEBIBYTE,
      handles: handles.length,
      sockets: handles.filter((name) => /TCP|TLS|Pipe/.test(name)).length,
      'event-loop delay P99, ms': delay.percentile(99) / 1e6,
      ...Object.fromEntries(Array.from(caches, ([name, cache]) => [`entries of ${name}`, cache.size])),
    };
    delay.reset();
    process.stdout.write(`${SAMPLE}${JSON.stringify(said)}\n`);
  };
  setInterval(sample, EVERY_MS).unref();
}

/** Every cache that is made from now on, by the file that makes it. */
function findCaches(): ReadonlyMap<string, { readonly size: number }> {
  const caches = new Map<string, { readonly size: number }>();
  const module = createRequire(__filename)('lru-cache') as { LRUCache: typeof LRUCache };
  module.LRUCache = class<K extends object, V extends object, FC> extends module.LRUCache<K, V, FC> {
    constructor(...args: ConstructorParameters<typeof LRUCache<K, V, FC>>) {
      super(...args);
      const files = [...(new Error().stack ?? '').matchAll(/shared[\\/](.+)\.js/g)].map(([, file = '']) => file);
      const maker = files.find((file) => !file.endsWith('definitions')) ?? 'a cache';
      caches.set(caches.has(maker) ? `${maker} ${caches.size + 1}` : maker, this);
    }
  };
  return caches;
}

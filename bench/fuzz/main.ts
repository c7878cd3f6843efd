/**
 * Attacks the app's readers and its ways in with bodies made by chance; what fails is kept in test/fixtures/regressions, where a
 * test reads it from then on.
 *
 * - `readers`: the fixtures changed in their bytes and in their structure, read in all three formats. Whatever comes out, the
 *   reader may only read it or refuse it with an error of ours, in time, and leave every prototype alone.
 * - `loop`: bodies as large as they may be, through the webhook's, the queue's and the hub's handler, with a mapping that redacts
 *   and converts, into a table service. None may keep the event loop from turning for more than 100 ms.
 *
 * Run: npm run fuzz -- [readers] [loop] [--seconds 60] [--seed 1]
 */
import { Argument } from 'commander';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { script, secondsArgument, wholeNumber } from '../../tools/dvo/terminal/script';
import type { ContextFormat } from '../../shared/context/format';
import { CONTEXT_FORMATS } from '../../shared/context/format';
import { messageOf } from '../../shared/errors/errors';
import { checkBody } from './check';
import { filled } from './filled';
import { mutated, seedOf } from './mutate';
import { Random } from './random';
import { COLUMNS, FORMATS_OF, MAX_BODY_BYTES, openWaysIn, WAYS, type Way } from './ways-in';

const FIXTURES = path.resolve('test/fixtures');
const REGRESSIONS = path.join(FIXTURES, 'regressions');
const EXTENSIONS: Readonly<Record<ContextFormat, string>> = { json: 'json', xml: 'xml', binary: 'msbin1' };
/** After so many, more would only say the same. */
const MAX_FAILURES = 20;

/** The longest that one delivery may keep the event loop from turning, in milliseconds of CPU time. */
const MAX_BLOCKED_MS = 100;
/** What blocks longer is tried again: code that is compiled anew, or a collection of garbage that others have left, takes its time. */
const TRIES = 4;

const formatOf = (file: string): ContextFormat | undefined =>
  file.endsWith('.expected.json')
    ? undefined
    : CONTEXT_FORMATS.find((format) => file.endsWith(`.${EXTENSIONS[format]}`));

/** How long, and from which seed on. */
interface Effort {
  readonly seconds: number;
  readonly seed: number;
}

const mega = (bytes: number): string => (bytes / 1e6).toFixed(0);

function keep(body: Buffer, format: ContextFormat, seed: number, reason: string): void {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  mkdirSync(REGRESSIONS, { recursive: true });
  writeFileSync(path.join(REGRESSIONS, `${hash}.${EXTENSIONS[format]}`), body);
  console.error(`seed ${seed}: ${hash}.${EXTENSIONS[format]}: ${reason}`);
}

/** Says how often each ending came; bodies without any would prove nothing. */
function sum(endings: ReadonlyMap<string, number>, failures: number): boolean {
  for (const [key, count] of [...endings].sort(([a], [b]) => a.localeCompare(b)))
    console.log(`${key.padEnd(46)}${count}`);
  if (endings.size === 0 && failures === 0) console.error('No body was tried in this time: nothing is proven.');
  return failures === 0 && endings.size > 0;
}

function fuzzReaders({ seconds, seed: firstSeed }: Effort): boolean {
  const corpus = ['.', 'notices'].flatMap((folder) =>
    readdirSync(path.join(FIXTURES, folder)).flatMap((file) => {
      const format = formatOf(file);
      return format === undefined ? [] : [seedOf(format, readFileSync(path.join(FIXTURES, folder, file)))];
    }),
  );
  const endings = new Map<string, number>();
  const slowest = { msPer256Kb: 0, bytes: 0 };
  let [bodies, bytes, failures] = [0, 0, 0];
  const end = Date.now() + seconds * 1000;
  for (let seed = firstSeed; Date.now() < end && failures < MAX_FAILURES; seed++) {
    const random = new Random(seed);
    const one = random.oneOf(corpus);
    const other = random.oneOf(corpus);
    if (one === undefined || other === undefined) throw new Error(`no fixtures in ${FIXTURES}`);
    const body = mutated(one, other, random);
    // Mostly as what it was; sometimes as what it looks like, or as something else.
    const format = random.happens(0.8) ? one.format : random.oneOf([...CONTEXT_FORMATS, undefined]);
    bodies++;
    bytes += body.length;
    try {
      const { ending, ms } = checkBody(body, format);
      const key = `${one.format.padEnd(7)}${ending}`;
      endings.set(key, (endings.get(key) ?? 0) + 1);
      const share = (taken: number): number => (taken * 262_144) / Math.max(262_144, body.length);
      // What looks slowest is measured once more, for another process may have been in the way.
      if (share(ms) > slowest.msPer256Kb) {
        const again = share(Math.min(ms, checkBody(body, format).ms));
        if (again > slowest.msPer256Kb) Object.assign(slowest, { msPer256Kb: again, bytes: body.length });
      }
    } catch (error) {
      failures++;
      keep(body, one.format, seed, messageOf(error));
    }
  }
  console.log(`readers: ${bodies} bodies, ${mega(bytes)} MB, from seed ${firstSeed}: ${failures} failures`);
  console.log(`slowest: ${slowest.msPer256Kb.toFixed(1)} ms per 256 KB (a body of ${slowest.bytes} bytes)`);
  return sum(endings, failures);
}

async function fuzzLoop({ seconds, seed: firstSeed }: Effort): Promise<boolean> {
  const names = readdirSync(FIXTURES)
    .filter((file) => file.endsWith('.xml'))
    .map((file) => path.basename(file, '.xml'));
  const textOf = (name: string, format: ContextFormat): string =>
    readFileSync(path.join(FIXTURES, `${name}.${format === 'json' ? 'json' : 'xml'}`), 'utf8');
  const endings = new Map<string, number>();
  const slowest = new Map<Way, { readonly ms: number; readonly seed: number }>();
  let [bodies, bytes, failures] = [0, 0, 0];
  const ways = await openWaysIn();
  try {
    const end = Date.now() + seconds * 1000;
    for (let seed = firstSeed; Date.now() < end && failures < MAX_FAILURES; seed++) {
      const random = new Random(seed);
      const way = random.oneOf(WAYS) ?? 'webhook';
      const format = random.oneOf(FORMATS_OF[way]) ?? 'json';
      const name = random.oneOf(names) ?? '';
      const body = filled({ format, text: textOf(name, format) }, COLUMNS, MAX_BODY_BYTES, random);
      bodies++;
      bytes += body.length;
      let best = await ways.deliver(way, format, [body]);
      for (let tries = 1; tries < TRIES && best.blockedMs > MAX_BLOCKED_MS; tries++) {
        const again = await ways.deliver(way, format, [body]);
        if (again.blockedMs < best.blockedMs) best = again;
      }
      const key = `${way.padEnd(8)}${format.padEnd(7)}${best.ending}`;
      endings.set(key, (endings.get(key) ?? 0) + 1);
      if (best.blockedMs > (slowest.get(way)?.ms ?? 0)) slowest.set(way, { ms: best.blockedMs, seed });
      if (best.blockedMs <= MAX_BLOCKED_MS) continue;
      failures++;
      keep(
        body,
        format,
        seed,
        `${way}: the event loop was blocked for ${best.blockedMs.toFixed(0)} ms (${best.ending})`,
      );
    }
  } finally {
    await ways.stop();
  }
  console.log(`loop: ${bodies} bodies, ${mega(bytes)} MB, from seed ${firstSeed}: ${failures} failures`);
  for (const [way, { ms, seed }] of slowest)
    console.log(`${way.padEnd(8)}blocked the event loop for ${ms.toFixed(0)} ms at most (seed ${seed})`);
  return sum(endings, failures);
}

const TARGETS = { readers: fuzzReaders, loop: fuzzLoop } as const;
type Target = keyof typeof TARGETS;

async function main(targets: readonly Target[], effort: Effort): Promise<boolean> {
  let ok = true;
  for (const target of targets) ok = (await TARGETS[target](effort)) && ok;
  return ok;
}

const command = script(
  'npm run fuzz --',
  'attack the readers and the event loop with random bodies; exit code 1 if one fails',
)
  .addArgument(new Argument('[target...]', 'what to attack (default: readers and loop)').choices(Object.keys(TARGETS)))
  .option('--seconds <n>', 'how long each runs: seconds, or a span such as 90s or 15m', secondsArgument, 60)
  .option('--seed <n>', 'seed of the first body (default: random)', wholeNumber(0, 1e10))
  .parse();
const { seconds, seed = Date.now() % 1_000_000_007 } = command.opts<{ seconds: number; seed?: number }>();
const targets = (command.args.length > 0 ? command.args : Object.keys(TARGETS)) as Target[];
main(targets, { seconds, seed }).then(
  (ok) => (process.exitCode = ok ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);

/**
 * Changes the fixtures by chance, in their bytes and in their structure, and reads them in all three formats. Whatever
 * comes out, the reader may only read it or refuse it with an error of ours, in time, and leave every prototype alone.
 * A body that fails is kept in test/fixtures/regressions, where a test reads it from then on.
 *
 * Run: npm run fuzz -- --seconds 600 [--seed 1]
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { ContextFormat } from '../shared/context/format';
import { CONTEXT_FORMATS } from '../shared/context/format';
import { messageOf } from '../shared/errors';
import { checkBody } from './fuzz/check';
import { mutated, seedOf } from './fuzz/mutate';
import { Random } from './fuzz/random';

const FIXTURES = path.resolve('test/fixtures');
const REGRESSIONS = path.join(FIXTURES, 'regressions');
const EXTENSIONS: Readonly<Record<ContextFormat, string>> = { json: 'json', xml: 'xml', binary: 'msbin1' };

const formatOf = (file: string): ContextFormat | undefined =>
  file.endsWith('.expected.json')
    ? undefined
    : CONTEXT_FORMATS.find((format) => file.endsWith(`.${EXTENSIONS[format]}`));

const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } });
const seconds = Number(values.seconds ?? '60');
const firstSeed = Number(values.seed ?? String(Date.now() % 1_000_000_007));

const corpus = ['.', 'notices'].flatMap((folder) =>
  readdirSync(path.join(FIXTURES, folder)).flatMap((file) => {
    const format = formatOf(file);
    return format === undefined ? [] : [seedOf(format, readFileSync(path.join(FIXTURES, folder, file)))];
  }),
);

const endings = new Map<string, number>();
const slowest = { msPer256Kb: 0, bytes: 0 };
let bodies = 0;
let bytes = 0;
let failures = 0;

function keep(body: Buffer, format: ContextFormat, seed: number, reason: string): void {
  failures++;
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  mkdirSync(REGRESSIONS, { recursive: true });
  writeFileSync(path.join(REGRESSIONS, `${hash}.${EXTENSIONS[format]}`), body);
  console.error(`seed ${seed}: ${hash}.${EXTENSIONS[format]}: ${reason}`);
}

const end = Date.now() + seconds * 1000;
for (let seed = firstSeed; Date.now() < end; seed++) {
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
    keep(body, one.format, seed, messageOf(error));
    if (failures >= 20) break;
  }
}

console.log(`${bodies} bodies, ${(bytes / 1e6).toFixed(0)} MB, from seed ${firstSeed}: ${failures} failures`);
console.log(`slowest: ${slowest.msPer256Kb.toFixed(1)} ms per 256 KB (a body of ${slowest.bytes} bytes)`);
for (const [key, count] of [...endings].sort(([a], [b]) => a.localeCompare(b)))
  console.log(`${key.padEnd(30)}${count}`);
process.exitCode = failures === 0 ? 0 : 1;

/** `npm run soak`: whether anything that the app holds grows with time (soak.ts). */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sayFault, script, wholeNumber } from '../../tools/dvo/terminal/script';
import { writableFile } from '../stack/flags';
import { soak, type SoakResult } from './soak';

interface Flags {
  readonly minutes: number;
  readonly deliveries?: number;
  readonly seed: number;
  readonly report?: string;
}

/** Root of the repository: this file runs as dist/local/soak/main.js. */
const APP_DIR = resolve(__dirname, '../../..');

const command = script(
  'npm run soak --',
  'Runs the app at full speed by all ways against stand-ins that lose, repeat and reset, with the store away now and then. Samples what ' +
    'its process holds. Exit code 0 only if each figure is flat and the store equals Dataverse.',
)
  .option('--minutes <n>', 'how long', wholeNumber(1, 10_000), 60)
  .option('--deliveries <n>', 'end earlier, when so many were handled', wholeNumber(1, 1e9))
  .option('--seed <n>', 'seed of the work and of the faults', wholeNumber(0, 2 ** 31), 1)
  .option('--report <file>', 'write all samples to this file as JSON', writableFile);

async function main({ minutes, deliveries, seed, report }: Flags): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const result = await soak({
    ms: minutes * 60_000,
    ...(deliveries === undefined ? {} : { deliveries }),
    seed,
    appDir: APP_DIR,
    root: APP_DIR,
    signal: stopping.signal,
    tell: (line) => console.log(line),
  });
  if (result === undefined) return 130;
  if (report !== undefined) writeFileSync(report, `${JSON.stringify(result, null, 2)}\n`);
  console.log(tableOf(result));
  const isFlat = Object.values(result.flatness).every((of) => of?.isFlat === true);
  return isFlat && result.check.differenceCount === 0 ? 0 : 1;
}

function tableOf({ changes, deliveries, seconds, faults, outages, flatness, check }: SoakResult): string {
  const cell = (value: number): string => value.toFixed(1).padStart(10);
  const lines = Object.entries(flatness).map(([name, of]) =>
    of === undefined
      ? `${name.padEnd(40)}  too few samples`
      : `${name.padEnd(40)}${[of.from, of.to, of.growth, of.noise].map(cell).join('')}  ${of.isFlat ? 'flat' : 'GROWS'}`,
  );
  const by = Object.entries(deliveries).map(([path, count]) => `${count} ${path}`);
  return [
    `\n${changes} changes in ${seconds} s under ${faults} faults, in ${outages} of which the store was away. Handled: ${by.join(', ')}.`,
    `\n${'second half'.padEnd(40)}${['from', 'to', 'growth', 'noise'].map((name) => name.padStart(10)).join('')}`,
    ...lines,
    check.differenceCount === 0
      ? `\n0 differences in ${check.columnsCompared} properties: the LOB store equals Dataverse.`
      : `\n${check.differenceCount} differences: the LOB store does not equal Dataverse.`,
  ].join('\n');
}

command.action(async (flags: Flags) => {
  try {
    process.exitCode = await main(flags);
  } catch (error) {
    sayFault(error);
    process.exitCode = 2;
  }
});
void command.parseAsync();

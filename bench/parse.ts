/**
 * How fast a context is read, for each format, as a ratio to JSON.parse of the same event's JSON; for text XML also to the
 * XML parser alone, with no one listening, and to a parser that builds a DOM of the same bytes. "Changes" is what the app needs of an event: the context and its row changes;
 * "all" reads every part, parents too. Medians of interleaved runs, so that what else the machine does hits all alike.
 *
 * Run: npm run build && node dist/bench/parse.js
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DOMParser } from '@xmldom/xmldom';
import { SaxesParser } from 'saxes';
import type { Context } from '../shared/context/context';
import { markForbidden } from '../shared/context/forbidden-references';
import { readContext } from '../shared/context/read-context';
import { changesOf } from '../shared/context/to-changes';

const FOLDER = path.resolve('test/fixtures');
const EVENTS = [
  'create-account',
  'update-contact',
  'update-account-three-parents',
  'delete-account',
  'create-lead-sync',
  'create-multiple-contact',
  'associate-account-lead',
];
const ROUNDS = 61;
const REPEATS = 20;

type Run = () => unknown;

function readAll(body: Uint8Array): unknown {
  let parts = 0;
  for (let at: Context | null = readContext(body); at !== null; at = at.parent) {
    for (const map of [at.inputParameters, at.outputParameters, at.sharedVariables, at.preImages, at.postImages]) {
      parts += [...(map ?? [])].length;
    }
  }
  return parts;
}

const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

/** Milliseconds of each run, by its name: the median of rounds in which every run has its turn. */
function measure(runs: Readonly<Record<string, Run>>): ReadonlyMap<string, number> {
  const times = new Map<string, number[]>();
  for (let round = -10; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(runs)) {
      const begun = performance.now();
      for (let repeat = 0; repeat < REPEATS; repeat++) run();
      const taken = (performance.now() - begun) / REPEATS;
      // The first rounds warm up.
      if (round >= 0) times.set(name, [...(times.get(name) ?? []), taken]);
    }
  }
  return new Map([...times].map(([name, list]) => [name, median(list)] as const));
}

const totals = new Map<string, number[]>();
const domRatios: number[] = [];

for (const event of EVENTS) {
  const [json, xml, binary] = ['json', 'xml', 'msbin1'].map((form) =>
    readFileSync(path.join(FOLDER, `${event}.${form}`)),
  );
  if (json === undefined || xml === undefined || binary === undefined) throw new Error(`no fixture ${event}`);
  const changes = (body: Uint8Array): unknown => changesOf(readContext(body), { source: 'bench', body });
  const marked = markForbidden(xml.toString('utf8')).text;
  const times = measure({
    'JSON.parse': () => JSON.parse(json.toString('utf8')) as unknown,
    'XML parser': () => new SaxesParser({ position: false }).write(marked).close(),
    'XML DOM': () => new DOMParser().parseFromString(marked, 'text/xml'),
    'json changes': () => changes(json),
    'json all': () => readAll(json),
    'xml changes': () => changes(xml),
    'xml all': () => readAll(xml),
    'binary changes': () => changes(binary),
    'binary all': () => readAll(binary),
  });
  const floor = times.get('JSON.parse') ?? Number.NaN;
  const xmlFloor = times.get('XML parser') ?? Number.NaN;
  const dom = times.get('XML DOM') ?? Number.NaN;
  console.log(`${event}: JSON ${json.length}, XML ${xml.length}, binary ${binary.length} bytes`);
  for (const [name, ms] of times) {
    const ratio = ms / floor;
    totals.set(name, [...(totals.get(name) ?? []), ratio]);
    const ofParser = name.startsWith('xml')
      ? `, ${(ms / xmlFloor).toFixed(2)} x XML parser, ${(ms / dom).toFixed(2)} x XML DOM`
      : '';
    if (name === 'xml changes') domRatios.push(ms / dom);
    console.log(
      `  ${name.padEnd(16)}${(ms * 1000).toFixed(0).padStart(5)} us  ${ratio.toFixed(2)} x JSON.parse${ofParser}`,
    );
  }
}

console.log('median of the events');
for (const [name, ratios] of totals) console.log(`  ${name.padEnd(16)}${median(ratios).toFixed(2)} x JSON.parse`);
console.log(`  xml changes     ${median(domRatios).toFixed(2)} x XML DOM`);

import { isatty } from 'node:tty';
import picocolors from 'picocolors';
import type { Done } from './attack';
import type { FaultyDayResult } from './faulty-day';

const pc = picocolors.createColors(isatty(1) && picocolors.isColorSupported);

/** What was done to the app and what came of it, as a table, with the first findings. */
export function attackTable({ done, changes, seconds, judged, findings, counts }: FaultyDayResult): string {
  const of = (kind: Done['kind']): number => done.filter((each) => each.kind === kind).length;
  const rows: readonly (readonly [string, string | number])[] = [
    ['network faults', of('network')],
    ['kill -9', of('kill')],
    ['store stopped', of('storeStopped')],
    ['locks, partitions, leases stolen', of('locksLost') + of('partitionsStolen') + of('leasesStolen')],
    ['changes', changes],
    ['writes judged', judged],
    ['seconds', seconds],
  ];
  const bad: readonly (readonly [string, number])[] = [
    ['lost', counts.lost],
    ['applied twice', counts.appliedTwice],
    ['resurrected', counts.resurrected],
    ['gone back', counts.goneBack],
    ['differences', counts.differences],
  ];
  const line = (name: string, value: string | number): string => `${name.padEnd(36)}${String(value).padStart(8)}`;
  return [
    ...rows.map(([name, value]) => line(name, value)),
    ...bad.map(([name, value]) => (value === 0 ? pc.green : pc.red)(line(name, value))),
    ...findings.slice(0, SHOWN).map(({ kind, table, rowKey, what }) => `  ${kind} ${table}(${rowKey}): ${what}`),
  ].join('\n');
}

const SHOWN = 20;

import { visible } from '../../../shared/errors/visible';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { desiredItems } from '../../registration/desired-items';
import type { DesiredItem } from '../../registration/item';
import { probeEndpoint, probeSteps, scratchTable, type ProbeInput, type ProbeResult } from '../../registration/probe';
import { openDeclaration } from './declaration';
import { agreed, UsageError, type Terminal } from '../terminal/terminal';
import { plainJson } from '../terminal/output';

/** What `dvo steps test` is told. */
export interface TestFlags {
  readonly environment?: string;
  readonly row?: string;
  /** Milliseconds. */
  readonly wait: number;
  readonly json?: true;
  readonly yes?: true;
}

interface Probed {
  readonly item: string;
  readonly result: ProbeResult;
}

/** Sends a probe through each endpoint, or lets the steps of a table fire for a row made for that. */
export async function testSteps(terminal: Terminal, file: string, flags: TestFlags): Promise<void> {
  const { declaration, api } = await openDeclaration(terminal, { file, ...flags });
  const input: ProbeInput = { api, sleep, waitMs: flags.wait };
  const desired = desiredItems(declaration);
  const probed =
    flags.row === undefined
      ? await testEndpoints(input, desired)
      : await testRow(terminal, input, desired, flags.row, api.host, flags.yes);
  if (flags.json === true) terminal.out(`${plainJson({ environment: api.host, probes: probed })}\n`);
  else for (const { item, result } of probed) terminal.out(`${item}: ${resultText(result)}\n`);
  const failed = probed.filter(({ result }) => result.kind === 'failed');
  if (failed.length > 0) throw new Error(`${failed.length} of ${probed.length} probes failed.`);
}

const resultText = (result: ProbeResult): string =>
  result.kind === 'delivered'
    ? 'delivered'
    : `${result.kind === 'failed' ? 'FAILED' : 'unknown'}: ${visible(result.reason)}`;

/** One after the other: what a job's outcome belongs to is then plain. */
async function testEndpoints(input: ProbeInput, desired: readonly DesiredItem[]): Promise<Probed[]> {
  const probed: Probed[] = [];
  for (const { kind, id, label } of desired)
    if (kind === 'endpoint') probed.push({ item: label, result: await probeEndpoint(input, id) });
  return probed;
}

async function testRow(
  terminal: Terminal,
  input: ProbeInput,
  desired: readonly DesiredItem[],
  table: string,
  host: string,
  yes: true | undefined,
): Promise<Probed[]> {
  const fired = desired.filter(
    ({ kind, fields }) =>
      kind === 'step' &&
      (fields.table === table || fields.table === null) &&
      ['Create', 'Update', 'Delete'].includes(String(fields.message)) &&
      fields.enabled === true &&
      fields.mode === 'asynchronous',
  );
  if (fired.length === 0)
    throw new UsageError(`no enabled asynchronous step of Create, Update or Delete is declared for table ${table}`);
  await agreed(terminal, `Create, change and delete a row in table ${table} of ${host}?`, yes);
  const scratch = await scratchTable(input.api, table);
  const results = await probeSteps(
    input,
    scratch,
    randomUUID(),
    fired.map(({ id }) => id),
  );
  return fired.flatMap(({ id, label }) => {
    const result = results.get(id);
    return result === undefined ? [] : [{ item: label, result }];
  });
}

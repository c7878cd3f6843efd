import { rowIsMissing } from '../../shared/dataverse/row-reader';
import type { WebApi } from '../../shared/dataverse/web-api';
import { rowsWhere, type Row } from './web-api-reads';
import { withoutSecrets } from './secrets';

/** What came of a probe. */
export type ProbeResult =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly reason: string }
  /** Dataverse didn't say: of a job that is deleted when it succeeds nothing is left to see. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** What probing needs. */
export interface ProbeInput {
  readonly api: Pick<WebApi, 'get' | 'change'>;
  readonly sleep: (ms: number) => Promise<void>;
  /** How long an outcome is waited for, in milliseconds. */
  readonly waitMs: number;
}

const COMPLETED = 3;
const SUCCEEDED = 30;
const ASK_EVERY_MS = 1000;
const JOB_COLUMNS = [
  'asyncoperationid',
  'statecode',
  'statuscode',
  'message',
  'friendlymessage',
  '_owningextensionid_value',
];

/** The system jobs about a row. */
const jobsAbout = ({ api }: ProbeInput, rowId: string): Promise<Row[]> =>
  rowsWhere(api, 'asyncoperations', JOB_COLUMNS, [`_regardingobjectid_value eq ${rowId}`]);

/** Asks again until what is asked for is there, or the time is up. */
async function until<T>({ sleep, waitMs }: ProbeInput, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  const endMs = performance.now() + waitMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined || performance.now() >= endMs) return found;
    await sleep(ASK_EVERY_MS);
  }
}

const resultOf = (job: Row): ProbeResult =>
  job.statuscode === SUCCEEDED
    ? { kind: 'delivered' }
    : {
        kind: 'failed',
        // It may name the address, and that its key.
        reason: withoutSecrets(
          [job.friendlymessage, job.message].find((text) => typeof text === 'string') ?? 'no reason given',
        ),
      };

/**
 * Has Dataverse send a message to an endpoint, with the secret that it has: the message names the endpoint and no row. It is
 * sent by a system job, whose outcome is waited for.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/triggerserviceendpointcheck
 */
export async function probeEndpoint(input: ProbeInput, id: string): Promise<ProbeResult> {
  const before = new Set((await jobsAbout(input, id)).map((job) => job.asyncoperationid));
  try {
    await input.api.change('POST', `serviceendpoints(${id})/Microsoft.Dynamics.CRM.TriggerServiceEndpointCheck`);
  } catch (error) {
    if (!rowIsMissing(error, id)) throw error;
    return { kind: 'failed', reason: 'it is not registered yet: apply first' };
  }
  const job = await until(input, async () =>
    (await jobsAbout(input, id)).find(
      ({ asyncoperationid, statecode }) => statecode === COMPLETED && !before.has(asyncoperationid),
    ),
  );
  return job === undefined ? { kind: 'unknown', reason: 'no system job shows the result' } : resultOf(job);
}

/** A table in which a row can be made for a moment. */
export interface ScratchTable {
  readonly table: string;
  readonly set: string;
  readonly primaryId: string;
  readonly primaryName: string;
}

/** How the rows of a table are addressed. @throws WebApiError */
export async function scratchTable(api: Pick<WebApi, 'get'>, table: string): Promise<ScratchTable> {
  const { body } = await api.get(
    `EntityDefinitions(LogicalName='${table}')?$select=EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute`,
  );
  const {
    EntitySetName: set,
    PrimaryIdAttribute: primaryId,
    PrimaryNameAttribute: primaryName,
  } = JSON.parse(body) as {
    readonly EntitySetName: string;
    readonly PrimaryIdAttribute: string;
    readonly PrimaryNameAttribute: string;
  };
  return { table, set, primaryId, primaryName };
}

/**
 * Makes a row, changes it, deletes it, and looks what came of the jobs of the steps that fired: by step. Whatever goes wrong
 * in between, the row is deleted.
 * @param steps ids of the steps to look at
 */
export async function probeSteps(
  input: ProbeInput,
  { set, primaryId, primaryName }: ScratchTable,
  rowId: string,
  steps: readonly string[],
): Promise<ReadonlyMap<string, ProbeResult>> {
  const { api } = input;
  const name = `dvo steps test ${new Date().toISOString()}`;
  try {
    await api.change('POST', set, { [primaryId]: rowId, [primaryName]: name });
    await api.change('PATCH', `${set}(${rowId})`, { [primaryName]: `${name} changed` }, { 'If-Match': '*' });
  } catch (error) {
    // It may have been made though no answer said so. Why it all went wrong matters more than what this comes to.
    await api.change('DELETE', `${set}(${rowId})`).catch(() => undefined);
    throw error;
  }
  await api.change('DELETE', `${set}(${rowId})`);
  let results = new Map<string, ProbeResult>();
  await until(input, async () => {
    const jobs = await jobsAbout(input, rowId);
    results = new Map(
      steps.map((step) => [step, stepResult(jobs.filter((job) => job._owningextensionid_value === step))]),
    );
    return [...results.values()].every(({ kind }) => kind !== 'unknown') || undefined;
  });
  return results;
}

function stepResult(jobs: readonly Row[]): ProbeResult {
  const [job] = jobs;
  if (job === undefined)
    return {
      kind: 'unknown',
      reason: 'it has no system job: it succeeded and was deleted (asyncAutoDelete), or it never fired',
    };
  return job.statecode === COMPLETED ? resultOf(job) : { kind: 'unknown', reason: 'its system job is not finished' };
}

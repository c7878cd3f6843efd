/**
 * One instance of the app, as its writer: told which, it changes rows once each and says what that took. Arguments: the store's
 * connection string; `app` or `bare` (the SDK's upserts of the same entities); the instance's number; how many changes are in flight.
 */
import diagnostics from 'node:diagnostics_channel';
import { EPOCH, seasoned, TABLE, updatedColumns, updateOf } from '../inputs/rows';
import { bareClient, entityOf, expectVerdicts, inFlight, servicesOn } from '../inputs/stores';
import type { Done, Task } from './start';

const [, , connectionString = '', kind = '', number = '', width = ''] = process.argv;
const instance = Number(number);
const place = { name: 'null service', connectionString, stop: () => Promise.resolve() } as const;
const { writer } = servicesOn(place, 'app');
const client = bareClient(place, `bare${TABLE}`);

let requests = 0;
diagnostics.subscribe('http.client.request.start', () => {
  requests += 1;
});

async function change(row: number, at: number): Promise<void> {
  if (kind === 'bare') await client.upsertEntity(entityOf(row, updatedColumns(row, at), seasoned(row)), 'Merge');
  else expectVerdicts(await writer.process([updateOf(row, at)]), ['merged']);
}

async function run({ phase, first, rows, step }: Task): Promise<Done> {
  const [begun, sent] = [process.cpuUsage(), requests];
  await inFlight(Number(width), rows, (n) => change(first + n * step + ((instance + phase) % step), EPOCH + 1 + phase));
  const { user, system } = process.cpuUsage(begun);
  return { cpuMs: (user + system) / 1000, requests: requests - sent };
}

process.on('message', (task: Task) => {
  run(task).then(
    (done) => process.send?.(done),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit());
process.send?.('ready');

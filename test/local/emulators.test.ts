/**
 * Proves that what Microsoft's emulators are configured with is what the steps of the local stack post to; and that the
 * Dataverse simulator, the app and two brokers at the emulators' places work together. The emulators themselves need
 * containers and are not run.
 */
import { afterEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { entitiesOf } from '../../local/day/store-entities';
import { startAzurite } from '../../local/storage/azurite';
import { startBroker } from '../../local/broker/broker';
import { spawnHost } from '../../local/host/spawn-host';
import { BUS } from '../../local/stack/stack';
import { builtFolder } from '../build-once';
import { eventually } from '../eventually';
import { caller } from './simulator-client';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const ROOT = join(__dirname, '../..');
const fileOf = (name: string): string => readFileSync(join(ROOT, 'local/emulators', name), 'utf8');

/** `npm run emulators` with these flags, until it has said a text. */
async function emulators(flags: readonly string[], until: string): Promise<string> {
  const main = join(await builtFolder(), 'dist/local/emulators/main.js');
  const child = spawn(process.execPath, [main, '--root', ROOT, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
  let isOver = false;
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve())).then(() => void (isOver = true));
  closing.push(async () => {
    child.kill();
    await ended;
  });
  await eventually(() => said.includes(until) || isOver, until);
  if (!said.includes(until)) throw new Error(`It ended, and said: ${said}`);
  return said;
}

test('the committed configuration is what is declared; the compose file mounts it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dvo-emulators-'));
  await emulators(['--config-only', '--out', folder], 'event-hubs.json');
  for (const name of ['service-bus.json', 'event-hubs.json'])
    expect(readFileSync(join(folder, name), 'utf8')).toBe(fileOf(name));
  const compose = parse(fileOf('compose.yaml')) as {
    services: Record<string, { volumes?: string[]; ports?: string[] }>;
  };
  const { 'service-bus': bus, 'event-hubs': hubs } = compose.services;
  expect([bus?.volumes?.[0], hubs?.volumes?.[0]]).toEqual([
    expect.stringMatching(/^\.\/service-bus\.json:/),
    expect.stringMatching(/^\.\/event-hubs\.json:/),
  ]);
  // The places that npm run emulators takes them to be at.
  expect([bus?.ports?.[0], hubs?.ports?.[0]]).toEqual(['127.0.0.1:5672:5672', '127.0.0.1:5673:5672']);
  // Nothing is reachable from elsewhere.
  expect(Object.values(compose.services).flatMap(({ ports = [] }) => ports)).toEqual(
    Array(6).fill(expect.stringMatching(/^127\.0\.0\.1:/)),
  );
});

test('the simulator posts to what is at the emulators’ places, and the app takes it from there', async () => {
  const azurite = await startAzurite({ blobPort: 0, queuePort: 0, tablePort: 0 });
  closing.push(() => azurite.stop());
  const bus = await startBroker({
    port: 0,
    key: 'SAS_KEY_VALUE',
    queues: { [BUS.queue]: {} },
    topics: { [BUS.topic]: { subscriptions: { [BUS.subscription]: {} } } },
    hubs: {},
  });
  closing.push(() => bus.close());
  const hubs = await startBroker({
    port: 0,
    key: 'SAS_KEY_VALUE',
    queues: {},
    topics: {},
    hubs: { [BUS.hub]: { partitions: BUS.partitions, consumerGroups: [BUS.group] } },
  });
  closing.push(() => hubs.close());
  const folder = mkdtempSync(join(tmpdir(), 'dvo-emulators-'));
  const file = join(folder, 'settings.json');
  const flags = [
    ...['--service-bus', `sb://127.0.0.1:${bus.port}`, '--event-hubs', `sb://127.0.0.1:${hubs.port}`],
    ...['--storage', azurite.connectionString, '--out', folder, '--write', file],
  ];
  const said = await emulators(flags, 'until Ctrl-C');
  expect(said).toContain(`The settings are in ${file}.`);
  const { Values: settings } = JSON.parse(readFileSync(file, 'utf8')) as { Values: Record<string, string> };
  const host = await spawnHost({
    appDir: await builtFolder(),
    main: join(await builtFolder(), 'dist/local/host/main.js'),
    settings,
    port: 0,
    onLog: () => undefined,
  });
  closing.push(() => host.stop());
  const call = await caller({
    ...{ url: settings.DATAVERSE_URL ?? '', certificatePath: settings.NODE_EXTRA_CA_CERTS ?? '' },
    ...{ tenantId: settings.DATAVERSE_TENANT_ID ?? '', clientId: settings.DATAVERSE_CLIENT_ID ?? '' },
    clientSecret: settings.DATAVERSE_CLIENT_SECRET ?? '',
  });
  for (const [set, body] of [
    ['contacts', { lastname: 'by the queue' }],
    ['leads', { lastname: 'by the topic' }],
    ['opportunities', { name: 'by the hub' }],
  ] as const)
    expect((await call('POST', set, { 'Content-Type': 'application/json' }, body)).status).toBe(204);
  for (const table of ['contact', 'lead', 'opportunity'])
    await eventually(async () => (await entitiesOf(azurite.connectionString, table)).length > 0, `a row of ${table}`);
});

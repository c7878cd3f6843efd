/**
 * Proves what isn't loaded: an instance starts with the clients of tables alone, and making the services, as the first
 * event does, adds none, whether storage and Web API are reached by keys or by an identity.
 */
import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFolder } from '../build-once';

const KEYS = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  LOB_STORAGE: 'UseDevelopmentStorage=true',
  ServiceBusConnection: 'Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=a2V5',
};
const IDENTITY = {
  AzureWebJobsStorage__accountName: 'contosostate',
  LOB_STORAGE__accountName: 'contosolob',
  ServiceBusConnection__fullyQualifiedNamespace: 'contoso.servicebus.windows.net',
};

const CEL = '@marcbachmann/cel-js';

/** Registers all functions, makes what the first event makes, and says which packages were loaded by then. */
const SCRIPT = `
  for (const file of require('node:fs').globSync('functions/*.js', { cwd: process.argv[1] })) require(process.argv[1] + '/' + file);
  const services = require(process.argv[1] + '/shared/app/services.js');
  services.appServices();
  services.delayedCopies();
  // What the functions load without waiting for it is loaded by then.
  process.once('beforeExit', () => {
    const packages = Object.keys(require.cache).flatMap((file) => /node_modules\\/(@[^/]+\\/[^/]+|zod|yaml)\\//.exec(file)?.[1] ?? []);
    process.stdout.write('LOADED ' + JSON.stringify([...new Set(packages)]));
  });
`;

async function loadedWith(storage: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const env = {
    PATH: process.env.PATH,
    SYNC_TABLES: 'account',
    SERVICEBUS_QUEUE: 'events',
    WEBHOOK_KEYS: 'a-key-of-the-tests-of-functions-0001',
    VALIDATE_KEYS: 'a-key-of-the-tests-of-functions-0002',
    DATAVERSE_URL: 'https://contoso.crm4.dynamics.com',
    DATAVERSE_AUTH: 'managed-identity',
    ...storage,
  };
  const folder = join(await builtFolder(), 'dist');
  const output = execFileSync(process.execPath, ['-e', SCRIPT, folder], { env, encoding: 'utf8', stdio: 'pipe' });
  return JSON.parse(output.slice(output.indexOf('LOADED ') + 7)) as readonly string[];
}

test.each([
  ['keys', KEYS],
  ['an identity', IDENTITY],
])('with %s: of the SDKs only that of tables', async (_, storage) => {
  const loaded = await loadedWith(storage);
  expect(loaded).toEqual(expect.arrayContaining(['@azure/functions', '@azure/data-tables', 'zod']));
  for (const later of ['@azure/identity', '@azure/storage-blob', '@azure/service-bus', 'yaml', CEL])
    expect(loaded).not.toContain(later);
});

test('[I113] the engine of expressions is loaded with the first expression, and no sooner', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dvo-loading-'));
  const RULES_FILE = join(folder, 'rules.yaml');
  const rule = (check: string): void =>
    writeFileSync(RULES_FILE, `tables: { account: [{ code: a, message: b, ${check} }] }`);
  try {
    rule('required: [name]');
    expect(await loadedWith({ ...KEYS, RULES_FILE })).toEqual(expect.not.arrayContaining([CEL]));
    rule('expr: "has(target.name)"');
    expect(await loadedWith({ ...KEYS, RULES_FILE })).toContain(CEL);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

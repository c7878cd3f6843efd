/**
 * What tests of `dvo steps` share: a simulator, a webhook, the CLI with its settings, and a declaration. No secret may be in
 * anything that is printed.
 */
import { afterEach, beforeEach, expect } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDataverse, type Dataverse } from '../../../local/dataverse/simulator';
import { runDvo, type Ended } from '../../e2e/spawned-dvo';
import {
  caller,
  list,
  members,
  startHook,
  text,
  type Call,
  type Hook,
  type Members,
} from '../../local/simulator-client';
import { dvoAgainst, settingsOf } from './against-simulator';
import type { Ran } from './terminal';

export const HOOK_KEY = 'the-key-of-the-webhook';
export const BUS_KEY = 'dGhlLWtleS1vZi10aGUtcXVldWU=';
/** Time that the environment's clock is ahead. */
let aheadMs = 0;
export const advance = (ms: number): void => void (aheadMs += ms);
export let dataverse: Dataverse;
export let hook: Hook;
export let call: Call;
export let folder: string;
/** Everything that was printed: no secret may be in it. */
export let printed: string;

beforeEach(async () => {
  aheadMs = 0;
  printed = '';
  folder = mkdtempSync(join(tmpdir(), 'dvo-steps-'));
  hook = await startHook();
  dataverse = await startDataverse({ now: () => Date.now() + aheadMs, jobs: { jitterMs: 0 }, maxPageSize: 4 });
  call = await caller(dataverse);
});
afterEach(async () => {
  await dataverse.close();
  expect(printed).not.toContain(HOOK_KEY);
  expect(printed).not.toContain(BUS_KEY);
});

export const settings = (): Record<string, string> => ({
  ...settingsOf(dataverse),
  HOOK_URL: hook.url,
  HOOK_KEY,
  BUS_KEY,
});

export async function dvo(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const ran = await dvoAgainst(dataverse, ['steps', ...args], { ...settings(), ...more });
  printed += ran.out + ran.err;
  return ran;
}

/** The same as a process of its own. */
export async function spawnedDvo(args: readonly string[]): Promise<Ended> {
  const ended = await runDvo(['steps', ...args], settings());
  printed += ended.out + ended.err;
  return ended;
}

export const DECLARATION = `owner: shop
endpoints:
  hook:
    kind: webhook
    description: Rows to the shop.
    url: \${HOOK_URL}
    auth: { webhookKey: { env: HOOK_KEY } }
  queue:
    kind: queue
    namespace: sb://localhost:5672/
    path: dataverse-events
    auth: { sasKey: { name: send, key: { env: BUS_KEY } } }
steps:
  accounts:
    table: account
    message: [Create, Update]
    endpoint: hook
    images: { full: { type: post, columns: [name, telephone1] } }
  names:
    table: contact
    message: Update
    endpoint: queue
    filteringColumns: [lastname, firstname]
  gone: { table: [account, contact], message: Delete, endpoint: queue, enabled: false }
changeTracking: [account, new_note]
`;

export function declared(content = DECLARATION, name = 'dataverse.yaml'): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** Rows of a registration table, by name. */
export async function rows(set: string): Promise<Map<string, Members>> {
  const found = new Map<string, Members>();
  for (let target: string | undefined = set; target !== undefined;) {
    const { body } = await call('GET', target);
    for (const row of list(body.value)) found.set(text(members(row).name), members(row));
    const next = body['@odata.nextLink'];
    target = next === undefined ? undefined : text(next);
  }
  return found;
}
export const idIn = async (set: string, name: string): Promise<string> => {
  const row = (await rows(set)).get(name);
  return text(row?.[`${set.slice(0, -1)}id`]);
};

/** Requests that change something, from now on. */
export function changesFrom(): string[] {
  const changing: string[] = [];
  dataverse.intercept(({ method, target, moment }) => {
    if (method !== 'GET' && moment === 'asked' && target.includes('/api/data/')) changing.push(`${method} ${target}`);
    return false;
  });
  return changing;
}

export async function byHand(method: string, target: string, body?: Members): Promise<void> {
  const { status, raw } = await call(method, target, { 'Content-Type': 'application/json' }, body);
  if (status >= 300) throw new Error(`${method} ${target}: ${status} ${raw}`);
}

/**
 * Proves that what a sender may send in one go leaves the rest of the process its turns: work that grows faster than the body,
 * or that goes on without a pause, would keep every other delivery waiting. Counts and ratios only; `npm run fuzz -- loop`
 * measures milliseconds.
 */
import { describe, expect, test } from '@jest/globals';
import type { TableClient } from '@azure/data-tables';
import { setTimeout } from 'node:timers/promises';
import { plainValue } from '../../shared/change/value-json';
import type { WireElement } from '../../shared/context/elements/element';
import { contextOfElement } from '../../shared/context/elements/read-elements';
import { CONTRACTS } from '../../shared/context/elements/namespaces';
import { readContext } from '../../shared/context/read-context';
import { codeOf } from '../../shared/errors/errors';
import { MappedStore } from '../../shared/lob/mapped-store';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { TableParking } from '../../shared/parking/table-parking';
import { Receiver } from '../../shared/receive/receiver';
import { Writer } from '../../shared/writer/writer';
import { RULE, columns } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { RecordingParking, UNMAPPED, fixture } from './deliveries';

/** How often everything else in the process has its turn until a promise is processed. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let over = false;
  const turn = (): void => {
    turns += 1;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  over = true;
  return turns;
}

const receiver = (): Receiver =>
  new Receiver(
    { ...UNMAPPED, writer: new Writer(new MemoryStore(), undefined, { rule: RULE }), parking: new RecordingParking() },
    { tables: ['contact'], unconfirmedDelayMs: 0 },
  );

const never = (): Promise<never> => Promise.reject(new Error('no body lies in a blob here'));

/** An event of so many bytes. */
const bodyOf = (bytes: number): Buffer => Buffer.from(fixture('update-contact').toString().padEnd(bytes));

describe('a batch of large bodies', () => {
  test('[I60] leaves the others a turn at least every 64 KB', async () => {
    const batch = Array.from({ length: 32 }, () => ({ source: 'hub', body: bodyOf(64 * 1024) }));
    expect(await turnsDuring(() => receiver().receive(batch))).toBeGreaterThanOrEqual(32);
  });

  test('[I60] and so does one large body between its steps', async () => {
    const large = { source: 'hub', body: bodyOf(640 * 1024) };
    expect(await turnsDuring(() => receiver().receive([large]))).toBeGreaterThanOrEqual(2);
  });

  test('small ones are taken in one go', async () => {
    const batch = Array.from({ length: 4 }, () => ({ source: 'hub', body: fixture('update-contact') }));
    expect(await turnsDuring(() => receiver().receive(batch))).toBe(0);
  });

  test('[I60] very many rows are mapped in turns', async () => {
    const store = new MappedStore(new MemoryStore(), DEFAULT_MAPPING);
    const writes = Array.from({ length: 640 }, (_, n) => ({
      row: { table: 'contact', id: String(n) },
      expected: undefined,
      stamp: { version: 1n, knownUntil: 0, latestKnown: 0, hasPushOnTop: false, deleted: false, recentKeys: [] },
      effect: 'snapshot' as const,
      columns: columns({ fullname: 'Ada' }),
    }));
    expect(await turnsDuring(() => store.write(writes))).toBeGreaterThanOrEqual(10);
  });
});

test('[I60] a batch that is parked is not made ready all at once', async () => {
  let [now, most] = [0, 0];
  const upsertEntity = async (): Promise<void> => {
    now += 1;
    most = Math.max(most, now);
    await setTimeout(1);
    now -= 1;
  };
  const bodies = { write: never, read: never, remove: never };
  const parking = new TableParking({ upsertEntity } as unknown as TableClient, bodies);
  const cause = { code: 'json-invalid', message: '' };
  await Promise.all(
    Array.from({ length: 64 }, (_, n) => parking.parkDelivery({ source: 'hub', body: Buffer.from(String(n)) }, cause)),
  );
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(16);
});

describe('a body that holds more than a context can', () => {
  test('[I60] objects and lists: JSON of .NET has twenty characters for each', () => {
    const nested = `${'{"a":[1.10,'.repeat(30)}1${']}'.repeat(30)}`;
    const body = fixture('update-contact')
      .toString()
      .replace('"Attributes":[', () => `"Attributes":[{"key":"k","value":[${`${nested},`.repeat(1500)}1]},`);
    expect(body.length).toBeLessThan(640 * 1024);
    expect(() => readContext(body)).toThrow('more than 65536 objects and lists');
    expect(() => readContext(body, { maxNodes: 1_000_000 })).not.toThrow();
  });

  test('a picture of 150 KB is no such thing', () => {
    const bytes = Array.from({ length: 150_000 }, (_, at) => at % 256).join();
    const body = fixture('update-contact')
      .toString()
      .replace('"Attributes":[', () => `"Attributes":[{"key":"entityimage","value":[${bytes}]},`);
    let code = 'read';
    try {
      expect(readContext(body).inputParameters?.get('Target')).toMatchObject({ kind: 'row' });
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('read');
  });
});

test('[I60] the members of a context in XML are looked through once, however many it has', () => {
  let steps = 0;
  const member = (name: string, text: string, previous: WireElement | null): WireElement => ({
    ...{ uri: CONTRACTS, name, type: null, nil: false, text, bytes: [], children: [], last: null },
    get previous() {
      steps += 1;
      return previous;
    },
  });
  const id = '445649e8-8ab9-47f8-9a6b-d999b67edfb2';
  const needed: Readonly<Record<string, string>> = {
    ...{ MessageName: 'Update', Stage: '40', Mode: '1', Depth: '1', PrimaryEntityName: 'contact', PrimaryEntityId: id },
    ...{ CorrelationId: id, OperationId: id, UserId: id, InitiatingUserId: id, OrganizationId: id },
    OperationCreatedOn: '2026-04-02T13:05:11Z',
  };
  let last: WireElement | null = null;
  for (const [name, text] of Object.entries(needed)) last = member(name, text, last);
  for (let n = 0; n < 1000; n += 1) last = member(`x${n}`, '', last);
  const root: WireElement = { ...member('RemoteExecutionContext', '', null), last, previous: null };
  steps = 0;
  const { message, preImages } = contextOfElement(root, 64, { format: 'xml', envelope: null });
  expect([message, preImages]).toEqual(['Update', null]);
  expect(steps).toBeLessThan(1100);
});

test('[I60] the digits of very many unknown values cost about as much as parsing them', () => {
  const json = `[${Array.from({ length: 200_000 }, () => '1').join()}]`;
  const fastest = (work: () => unknown): number =>
    Math.min(
      ...Array.from({ length: 7 }, () => {
        const begun = performance.now();
        work();
        return performance.now() - begun;
      }),
    );
  const parsing = fastest(() => JSON.parse(json));
  expect(fastest(() => plainValue({ kind: 'unknown', type: '', json }))).toBeLessThan(20 * parsing);
});

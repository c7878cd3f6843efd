/**
 * Proves, on real Azurite, how `dvo parked` selects, shows, asks and refuses; and, with a receiver and a writer that are
 * scripted, what becomes of items that are replayed.
 */
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { replayParked, type OperatorReplayParts } from '../../../tools/dvo/parked/replay';
import { run } from '../../../tools/dvo/terminal/run';
import { startAzurite, type Azurite } from '../../../local/storage/azurite';
import { OutboundError } from '../../../shared/errors/errors';
import type { ParkedFilter, ParkedItem, ParkedSummary } from '../../../shared/parking/parking';
import { deferredLargeBodies } from '../../../shared/parking/large-bodies';
import { TableParking } from '../../../shared/parking/table-parking';
import { fixture } from '../../context/fixture-files';
import { row } from '../../writer/changes';
import { dvo, TestTerminal } from './terminal';

let azurite: Azurite;
let client: TableClient;
let parking: TableParking;
const saved = { ...process.env };

beforeAll(async () => {
  azurite = await startAzurite();
  process.env.AzureWebJobsStorage = azurite.connectionString;
  client = TableClient.fromConnectionString(azurite.connectionString, 'dvoparked', { allowInsecureConnection: true });
  const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
  parking = new TableParking(client, deferredLargeBodies(account, 'dvo-bodies'));
});
afterAll(async () => {
  process.env = saved;
  await azurite.stop();
});
beforeEach(async () => {
  for (const { id } of await all()) await client.deleteEntity('parked', id);
});

async function all(): Promise<ParkedItem[]> {
  const items: ParkedItem[] = [];
  for await (const { id } of parking.summaries()) {
    const item = await parking.find(id);
    if (item !== undefined) items.push(item);
  }
  return items;
}

const CAUSE = { code: 'web-api', message: 'It did not answer.' };
const park = (text: string, code = CAUSE.code, dueAtMs?: number): Promise<void> =>
  parking.parkDelivery({ source: 'webhook', body: Buffer.from(text) }, { ...CAUSE, code }, dueAtMs);

describe('list', () => {
  test('nothing is parked', async () => {
    expect(await dvo(['parked', 'list'])).toEqual({
      code: 0,
      out: '',
      err: 'No parked item matches.\n',
    });
  });

  test('--json: a line for each, the cause in words, never the body', async () => {
    await park('secret text');
    await parking.parkRow(row(1, 'contact'), CAUSE, Date.UTC(2030, 0));
    const { out } = await dvo(['parked', 'list', '--json']);
    const [delivery, pulled, ...rest] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(delivery).toMatchObject({ kind: 'delivery', source: 'webhook', bytes: 11, ...CAUSE, dueAt: null });
    expect(pulled).toMatchObject({ kind: 'row', table: 'contact', dueAt: '2030-01-01T00:00:00.000Z' });
    expect(rest).toEqual([]);
    expect(out).not.toContain('secret');
  });

  test('--limit bounds it and says so', async () => {
    for (const text of ['a', 'b', 'c']) await park(text);
    const { out, err } = await dvo(['parked', 'list', '--limit', '2']);
    expect(out.match(/^delivery-/gm)).toHaveLength(2);
    expect(err).toBe('Only the first 2 are shown. A higher --limit shows more.\n');
  });

  test.each([
    [['--due', '--waiting'], /--due and --waiting can't be combined/],
    [['--older-than', 'long'], /time span such as 90s/],
    [['--limit', '0'], /whole number above 0/],
    [['--colour'], /unknown option/],
  ])('%p is refused with the reason', async (flags, reason) => {
    const { code, out, err } = await dvo(['parked', 'list', ...flags]);
    expect([code, out]).toEqual([64, '']);
    expect(err).toMatch(reason);
  });

  test('every command names the settings that are missing', async () => {
    delete process.env.AzureWebJobsStorage;
    try {
      for (const args of [['list'], ['show', 'a'], ['discard', 'a', '--reason', 'b']]) {
        const { code, err } = await dvo(['parked', ...args]);
        expect([code, err]).toEqual([64, expect.stringContaining('AzureWebJobsStorage is missing')]);
      }
      const { code, err } = await dvo(['parked', 'replay', '--all', '--yes']);
      expect(code).toBe(64);
      for (const name of ['AzureWebJobsStorage', 'LOB_STORAGE', 'SYNC_TABLES']) expect(err).toContain(name);
    } finally {
      process.env.AzureWebJobsStorage = azurite.connectionString;
    }
  });
});

describe('ids may be abbreviated', () => {
  test('to what only one begins with; several, or none, are named', async () => {
    await parking.parkRow({ table: 'lead', id: 'a1' }, CAUSE);
    await parking.parkRow({ table: 'lead', id: 'a12' }, CAUSE);
    expect((await dvo(['parked', 'show', 'row-lead-a12'])).out).toMatch(/^row +a12$/m);
    // Exactly an id, though another begins so.
    expect((await dvo(['parked', 'show', 'row-lead-a1'])).out).toMatch(/^row +a1$/m);
    const { code, err } = await dvo(['parked', 'discard', 'row-lead', 'row-case', '--reason', 'b', '--yes']);
    expect([code, err]).toEqual([
      64,
      'dvo: row-lead matches row-lead-a1, row-lead-a12; row-case matches no parked item\n',
    ]);
    expect(await all()).toHaveLength(2);
  });
});

describe('show', () => {
  test('--explain names columns and no values; what can not be read says why', async () => {
    const body = fixture('update-contact.json');
    await parking.parkDelivery({ source: 'event-hub', body, contentType: 'application/json' }, CAUSE);
    const [item] = await all();
    const { out } = await dvo(['parked', 'show', item?.id ?? '', '--explain']);
    expect(out).toContain(`${body.byteLength} bytes, application/json`);
    expect(out).toContain('Will be handled as a change of contact');
    await park('{');
    const broken = (await all()).find(
      ({ subject }) => subject.kind === 'delivery' && subject.delivery.body.length === 1,
    );
    expect((await dvo(['parked', 'show', broken?.id ?? '', '--explain'])).out).toContain("can't be read: json-invalid");
  });

  test('--body: the bytes and nothing else', async () => {
    const body = Buffer.from([0, 255, 13, 10, 27]);
    await parking.parkDelivery({ source: 'webhook', body }, CAUSE);
    const terminal = new TestTerminal();
    const [item] = await all();
    expect(await run(['parked', 'show', item?.id ?? '', '--body'], terminal)).toBe(0);
    expect(terminal.bytes).toEqual(body);
    expect(terminal.errors).toContain(CAUSE.message);
  });

  test('[I49] a large one: its facts without its body, and with it where that is asked for', async () => {
    const body = randomBytes(700_000);
    await parking.parkDelivery({ source: 'event-hub', body, contentType: 'application/json', truncated: true }, CAUSE);
    const find = jest.spyOn(TableParking.prototype, 'find');
    const shown = await dvo(['parked', 'show', 'delivery-']);
    expect(find).not.toHaveBeenCalled();
    find.mockRestore();
    for (const fact of [
      /^body +700000 bytes, application\/json$/m,
      /^truncated +Dataverse removed members/m,
      /^arrived at +20/m,
    ])
      expect(shown.out).toMatch(fact);
    expect((await dvo(['parked', 'list'])).out).toContain('event-hub');
    const terminal = new TestTerminal();
    expect(await run(['parked', 'show', 'delivery-', '--body'], terminal)).toBe(0);
    expect(terminal.bytes.equals(body)).toBe(true);
    expect(await dvo(['parked', 'discard', 'delivery-', '--reason', 'random', '--yes'])).toMatchObject({ code: 0 });
    expect(await all()).toEqual([]);
  });

  test('a pulled row has no body', async () => {
    await parking.parkRow(row(), CAUSE);
    expect(await dvo(['parked', 'show', 'row-', '--body'])).toMatchObject({ code: 64, out: '' });
  });
});

describe('discard', () => {
  test('needs a reason, and asks', async () => {
    await park('a');
    for (const flags of [[], ['--reason', ' '], ['--reason', 'x'.repeat(1001)]])
      expect(await dvo(['parked', 'discard', 'delivery', ...flags, '--yes'])).toMatchObject({ code: 64 });
    const args = ['parked', 'discard', 'delivery', '--reason', 'known'];
    expect((await dvo(args)).err).toContain('Not a terminal: pass --yes.');
    const refuses = new TestTerminal({ answer: 'n' });
    expect([await run(args, refuses), refuses.errors]).toEqual([1, 'dvo: Nothing was done.\n']);
    expect(await all()).toHaveLength(1);
    const agrees = new TestTerminal({ answer: 'y' });
    expect(await run(args, agrees)).toBe(0);
    expect(agrees.questions).toEqual([expect.stringMatching(/^Discard delivery-[0-9a-f]{32}\? \[y\/N\] $/)]);
    expect(agrees.text).toMatch(/^discarded \{"event":3002,.*"reason":"known"\}\n$/);
    expect(await all()).toEqual([]);
  });
});

describe('replay', () => {
  test.each([[[]], [['a', '--all']], [['--all', '--code', 'x']]])(
    '%p: says what to replay, or nothing',
    async (args) => {
      const { code, err } = await dvo(['parked', 'replay', ...args]);
      expect([code, err]).toEqual([64, 'dvo: pass ids, --code or --all\n']);
    },
  );

  const NOTHING_FOUND = {
    find: () => Promise.resolve(undefined),
    remove: () => Promise.resolve(),
    postpone: () => Promise.resolve(),
  };

  /** Deliveries whose body begins with a letter of `fails` can't be processed, for good or for now. */
  const partsWhere = (fails: { readonly forGood?: string; readonly forNow?: string } = {}): OperatorReplayParts => ({
    parking,
    receiver: {
      replay: ({ body }) => {
        const first = Buffer.from(body).toString('utf8', 0, 1);
        if (fails.forGood?.includes(first) === true)
          return Promise.resolve(new OutboundError('row-refused', 'As wrong as before.'));
        if (fails.forNow?.includes(first) === true) return Promise.reject(new Error('Away.'));
        return Promise.resolve(undefined);
      },
    },
    writer: { process: () => Promise.resolve([]) },
  });
  const filter = (code?: string) => ({ kind: 'filter', filter: code === undefined ? {} : { code } }) as const;

  test('processed items go; others get their new cause, and their time if it can pass', async () => {
    for (const text of ['a', 'b', 'c']) await park(text);
    await parking.parkRow(row(), CAUSE);
    const terminal = new TestTerminal();
    const replay = replayParked(terminal, partsWhere({ forGood: 'b', forNow: 'c' }), filter(), undefined);
    await expect(replay).rejects.toThrow(/^2 could not be processed/);
    expect(terminal.text).toBe('2 processed, 2 failed (row-refused 1, unexpected 1)\n');
    const left = await all();
    expect(left.map(({ cause, attempts }) => [cause.code, attempts]).sort()).toEqual([
      ['row-refused', 1],
      ['unexpected', 1],
    ]);
    expect(left.find(({ cause }) => cause.code === 'unexpected')?.dueAtMs).toBeGreaterThan(Date.now());
    expect(left.find(({ cause }) => cause.code === 'row-refused')?.dueAtMs).toBeUndefined();
  });

  test('only of a code', async () => {
    await park('a', 'one');
    await park('b', 'two');
    await replayParked(new TestTerminal(), partsWhere(), filter('two'), undefined);
    expect((await all()).map(({ cause }) => cause.code)).toEqual(['one']);
  });

  test('an event of a synchronous step waits for its time, unless it is named', async () => {
    await park('a', 'unconfirmed', Date.now() + 60_000);
    await park('b', 'unconfirmed', Date.now() - 1);
    const terminal = new TestTerminal();
    await replayParked(terminal, partsWhere(), filter(), undefined);
    expect(terminal.text).toBe('1 processed, 1 left until due (unconfirmed)\n');
    const [{ id } = { id: '' }] = await all();
    await replayParked(new TestTerminal(), partsWhere(), { kind: 'ids', ids: [id] }, undefined);
    expect(await all()).toEqual([]);
  });

  test('more than fit into a batch, by two operators at once', async () => {
    for (let index = 0; index < 120; index += 1) await park(`item ${index}`);
    const terminals = [new TestTerminal(), new TestTerminal()];
    await Promise.all(terminals.map((terminal) => replayParked(terminal, partsWhere(), filter(), undefined)));
    expect(await all()).toEqual([]);
  });

  test('what is parked meanwhile is left to the next run: a replay ends', async () => {
    let now = Date.now();
    // A list that goes on as long as there is more, as a long one does in a real table.
    const endless = async function* ({ parkedUntilMs = Infinity }: ParkedFilter): AsyncIterable<ParkedSummary> {
      for (let at = 0; at < 1_000; at += 1) {
        if (now <= parkedUntilMs)
          yield { id: `item-${at}`, kind: 'row', of: 'a', attempts: 0, parkedAtMs: now, cause: CAUSE };
        await Promise.resolve((now += 1));
      }
    };
    const terminal = new TestTerminal();
    const parts = { ...partsWhere(), now: () => now, parking: { ...NOTHING_FOUND, summaries: endless } };
    await replayParked(terminal, parts, filter(), undefined);
    expect(terminal.text).toBe('0 processed, 1 processed by someone else\n');
  });

  test('what was parked again while it was tried stays', async () => {
    await park('a');
    const parts = partsWhere();
    const racing: OperatorReplayParts = {
      ...parts,
      receiver: {
        replay: async () => {
          await park('a', 'newer');
          return undefined;
        },
      },
    };
    await replayParked(new TestTerminal(), racing, filter(), undefined);
    expect((await all()).map(({ cause }) => cause.code)).toEqual(['newer']);
  });
});

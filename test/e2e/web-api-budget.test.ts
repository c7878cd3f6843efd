/**
 * Proves over sockets, with Azurite between the instances and the simulator's limits before them, that instances together
 * keep to one budget, that all of them wait when Dataverse asks one to, and that what a used-up budget put off is settled
 * later.
 */
import { TableClient } from '@azure/data-tables';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { startAzurite, type Azurite } from '../../local/storage/azurite';
import { startDataverse, type Dataverse } from '../../local/dataverse/simulator';
import { RateBudget } from '../../shared/dataverse/rate-budget';
import { TableRateWindow } from '../../shared/dataverse/table-rate-window';
import { LONG, type RequestLimits, type WebApi } from '../../shared/dataverse/web-api';
import { webApi } from '../../shared/app/services';
import { eventually } from '../eventually';
import { System } from './system';

describe('instances that share a budget', () => {
  const LIMIT = { requests: 60, windowMs: 4000 };
  /** What Dataverse grants above the budget, as by default: what is let go in time may come a little later. */
  const ROOM = 6000 / 5000;
  const CALLS = 60;
  const trusted = getCACertificates();
  const saved = process.env.AZURE_AUTHORITY_HOST;
  let azurite: Azurite;
  let dataverse: Dataverse;
  let tables = 0;

  beforeAll(async () => {
    azurite = await startAzurite();
  });
  afterEach(() => dataverse.close());
  afterAll(async () => {
    setDefaultCACertificates(trusted);
    if (saved === undefined) delete process.env.AZURE_AUTHORITY_HOST;
    else process.env.AZURE_AUTHORITY_HOST = saved;
    await azurite.stop();
  });

  async function start(): Promise<TableRateWindow> {
    dataverse = await startDataverse({
      limits: { requests: ROOM * LIMIT.requests, windowSeconds: LIMIT.windowMs / 1000 },
    });
    setDefaultCACertificates([...trusted, readFileSync(dataverse.certificatePath, 'utf8')]);
    process.env.AZURE_AUTHORITY_HOST = dataverse.authorityHost;
    const name = `budget${(tables += 1)}`;
    return new TableRateWindow(
      TableClient.fromConnectionString(azurite.connectionString, name, { allowInsecureConnection: true }),
    );
  }

  function instance(shared?: TableRateWindow): WebApi {
    const { url, tenantId, clientId, clientSecret: secret } = dataverse;
    const budget = new RateBudget({ ...LIMIT, log: () => undefined, ...(shared === undefined ? {} : { shared }) });
    const auth = { kind: 'client-secret', tenantId, clientId, secret } as const;
    return webApi({ url, auth, disableInstanceDiscovery: true }, budget);
  }

  const calls = (apis: readonly WebApi[], limits: RequestLimits): Promise<unknown>[] =>
    apis.flatMap((api) => Array.from({ length: CALLS }, () => api.get('accounts', [], limits)));

  test('ask more than the limit, and are never refused; each of them alone would be', async () => {
    const shared = await start();
    await Promise.all(calls([instance(shared), instance(shared)], LONG));
    const { requests, throttled } = dataverse.stats().webApi;
    expect({ requests, throttled }).toEqual({ requests: 2 * CALLS, throttled: 0 });

    await dataverse.close();
    await start();
    const alone = Promise.allSettled(calls([instance(), instance()], { ...LONG, totalMs: 6000 }));
    await eventually(() => dataverse.stats().webApi.throttled > 0, 'a refused request');
    await alone;
  });

  test('one is asked to wait: the other sends nothing before that either', async () => {
    const shared = await start();
    const [one, two] = [instance(shared), instance(shared)];
    dataverse.failNext(1, 429, { headers: { 'Retry-After': '2' } });
    const started = performance.now();
    const refused = one.get('accounts');
    const signal = AbortSignal.timeout(10_000);
    await eventually(async () => (await shared.read(signal)).window.pausedUntilMs > 0, 'the pause being shared');
    await Promise.all([two.get('accounts'), refused]);
    expect(performance.now() - started).toBeGreaterThanOrEqual(1900);
    expect(dataverse.stats().webApi).toMatchObject({ requests: 3, faulted: 1 });
  });
});

test('the budget is used up: deliveries are put off with the reason, and settled when there is one again', async () => {
  const system = await System.start({ WEB_API_REQUESTS_PER_5_MINUTES: '20' });
  try {
    await system.pushing('account', 'webhook', async () => {
      for (let n = 0; n < 30; n += 1) await system.dataverse.create('account', { name: `Account ${n}` });
    });
    const codes = await system.parkedCodes();
    expect(new Set(codes)).toEqual(new Set(['web-api-busy']));
    expect(codes.length).toBeGreaterThan(30 - 20);
    expect(system.dataverse.stats().webApi.requests).toBeLessThanOrEqual(18);
    expect(await system.logged('webApiBudgetSpent')).toMatchObject([{ event: 5002, urgency: 'quick', requests: 20 }]);

    await system.host.stop();
    await system.startApp();
    await system.letAllBeDue();
    await system.replay();
    expect(await system.parkedCodes()).toEqual([]);
    await system.pull();
    expect((await system.compare()).differences).toEqual([]);
  } finally {
    await system.stop();
  }
});

/**
 * Which client for the delta path: this project's ChangeFeed, or `dynamics-web-api`? Both read the same pages of the same
 * table from the simulator, in turn, and the ghost floor is the same requests with `fetch` and JSON.parse. Prints medians as
 * ratios to the ghost floor, and whether every number came through exact. Run: npm run build && node dist/bench/delta-path.js
 */
import { ClientSecretCredential } from '@azure/identity';
import { DynamicsWebApi } from 'dynamics-web-api';
import { spawn } from 'node:child_process';
import { script } from '../tools/dvo/terminal/script';
import { startDataverse } from '../local/dataverse/simulator';
import { ChangeFeed } from '../shared/dataverse/change-feed';
import { MetadataCatalog } from '../shared/dataverse/metadata';
import { WebApi } from '../shared/dataverse/web-api';

const ROWS = 20_000;
const RUNS = 7;
const WEIGHT = '1234567.0123456789';
const NUMBER = 9_007_199_254_740_993n;

interface Result {
  readonly rows: number;
  readonly exact: number;
}

async function serve(): Promise<void> {
  const dataverse = await startDataverse({ limits: 'off' });
  for (let row = 0; row < ROWS; row += 1) {
    await dataverse.create('new_shipment', {
      new_name: `SHP-${row}`,
      new_instructions: 'Keep dry. '.repeat(10),
      new_weight: WEIGHT,
      new_trackingnumber: NUMBER,
      new_pieces: row,
      new_mode: 100_000_000,
      new_dispatchedon: '2026-03-14T09:26:53Z',
    });
  }
  const { url, tenantId, clientId, clientSecret, authorityHost } = dataverse;
  // Node reads the certificate's place before it starts, hence a process of its own.
  const client = spawn(
    process.execPath,
    [__filename, 'client', JSON.stringify({ url, tenantId, clientId, clientSecret, authorityHost })],
    {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: dataverse.certificatePath },
      stdio: 'inherit',
    },
  );
  await new Promise((resolve) => client.once('exit', resolve));
  await dataverse.close();
}

async function measure(given: string): Promise<void> {
  const { url, tenantId, clientId, clientSecret, authorityHost } = JSON.parse(given) as Record<string, string>;
  const credential = new ClientSecretCredential(tenantId ?? '', clientId ?? '', clientSecret ?? '', {
    authorityHost: authorityHost ?? '',
    disableInstanceDiscovery: true,
  });
  const api = new WebApi({ url: url ?? '', credential: () => credential });
  const catalog = new MetadataCatalog(api);
  const definition = await catalog.get('new_shipment');
  const token = (await credential.getToken(`${url}/.default`)).token;

  const floor = async (): Promise<Result> => {
    let rows = 0;
    for (let link: string | undefined = `${url}/api/data/v9.2/${definition.entitySet}`; link !== undefined;) {
      const response: Response = await fetch(link, {
        headers: {
          authorization: `Bearer ${token}`,
          prefer: `odata.track-changes,odata.maxpagesize=5000,odata.include-annotations="*"`,
        },
      });
      const page = JSON.parse(await response.text()) as { value: unknown[]; '@odata.nextLink'?: string };
      rows += page.value.length;
      link = page['@odata.nextLink'];
    }
    return { rows, exact: 0 };
  };
  const own = async (): Promise<Result> => {
    let rows = 0;
    let exact = 0;
    for await (const page of new ChangeFeed(api, catalog).pages(
      { definition, by: 'changeTracking' },
      { mode: 'load' },
    )) {
      for (const item of page.items) {
        rows += 1;
        if (item.kind !== 'row') continue;
        const weight = item.columns.get('new_weight');
        const number = item.columns.get('new_trackingnumber');
        if (
          weight?.kind === 'decimal' &&
          weight.text === WEIGHT &&
          number?.kind === 'bigint' &&
          number.value === NUMBER
        )
          exact += 1;
      }
    }
    return { rows, exact };
  };
  const library = new DynamicsWebApi({
    serverUrl: url ?? '',
    dataApi: { version: '9.2' },
    onTokenRefresh: () => Promise.resolve(token),
    includeAnnotations: '*',
  });
  const rival = async (): Promise<Result> => {
    let rows = 0;
    let exact = 0;
    let page = await library.retrieveMultiple({
      collection: definition.entitySet,
      trackChanges: true,
      maxPageSize: 5000,
    });
    for (;;) {
      for (const row of page.value as Record<string, unknown>[]) {
        rows += 1;
        if (String(row.new_weight) === WEIGHT && String(row.new_trackingnumber) === String(NUMBER)) exact += 1;
      }
      if (page.oDataNextLink === undefined) return { rows, exact };
      page = await library.retrieveMultiple(
        { collection: definition.entitySet, maxPageSize: 5000 },
        page.oDataNextLink,
      );
    }
  };

  const candidates = { floor, ChangeFeed: own, 'dynamics-web-api': rival } as const;
  const times = new Map<string, number[]>();
  const results = new Map<string, Result>();
  for (let run = 0; run <= RUNS; run += 1) {
    for (const [name, candidate] of Object.entries(candidates)) {
      const begun = performance.now();
      results.set(name, await candidate());
      // The first round warms up.
      if (run > 0) times.set(name, [...(times.get(name) ?? []), performance.now() - begun]);
    }
  }
  const median = (name: string): number => (times.get(name) ?? []).toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
  for (const [name, { rows, exact }] of results) {
    const share = name === 'floor' ? 'not checked' : `${exact} of ${rows} rows exact`;
    console.log(
      `${name.padEnd(18)}${rows} rows  median ${median(name).toFixed(0)} ms  ${(median(name) / median('floor')).toFixed(2)} x floor  ${share}`,
    );
  }
}

const [, , mode, given] = process.argv;
if (mode === 'client') void measure(given ?? '{}');
else
  void script('npm run bench:delta --', 'measure clients for the delta path against each other')
    .action(serve)
    .parseAsync();

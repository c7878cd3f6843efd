// Proves on a real table service (Azurite): the first organisation is remembered for good, by whichever instance saw it
// first; any other is refused; the environment's own answer counts more than an event's word.
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startAzurite, type Azurite } from '../../local/storage/azurite';
import { OrganizationPin, whoAmI } from '../../shared/dataverse/organization-pin';
import { rowId } from '../writer/changes';

const OURS = rowId(1);
const COPY = rowId(2);

let azurite: Azurite;
let tables = 0;
let client: TableClient;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());
beforeEach(() => {
  client = TableClient.fromConnectionString(azurite.connectionString, `pin${(tables += 1)}`, {
    allowInsecureConnection: true,
  });
});

const foreign = { code: 'organization-foreign', disposition: 'park' };
const answering = (id: string) => () => Promise.resolve(id);

test('the environment is asked once, and what it says is remembered', async () => {
  let asked = 0;
  const ask = () => {
    asked += 1;
    return Promise.resolve(OURS);
  };
  const pin = new OrganizationPin(client, ask);
  await pin.check(OURS);
  await pin.check(OURS);
  expect(asked).toBe(1);
  await expect(pin.check(COPY)).rejects.toMatchObject(foreign);
  await expect(new OrganizationPin(client, answering(COPY)).check(COPY)).rejects.toMatchObject(foreign);
});

test('an event of a copy that comes first does not decide, where the environment can be asked', async () => {
  await expect(new OrganizationPin(client, answering(OURS)).check(COPY)).rejects.toMatchObject(foreign);
});

test('without a Web API the first event decides, of several instances the first', async () => {
  const pins = [OURS, COPY].map((id) => new OrganizationPin(client, undefined).check(id));
  const results = await Promise.allSettled(pins);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('another environment under DATAVERSE_URL is not read', async () => {
  await new OrganizationPin(client, answering(OURS)).verify();
  await expect(new OrganizationPin(client, answering(COPY)).verify()).rejects.toThrow(
    /^DATAVERSE_URL is of organisation/,
  );
  await new OrganizationPin(client, answering(COPY), COPY).verify();
});

test('an environment that does not answer decides nothing', async () => {
  const ask = () => Promise.reject(new Error('busy'));
  await expect(new OrganizationPin(client, ask).check(COPY)).rejects.toThrow('busy');
  await new OrganizationPin(client, answering(OURS)).check(OURS);
  await expect(new OrganizationPin(client, ask).verify()).rejects.toThrow('busy');
});

test('the answer of WhoAmI', async () => {
  const api = {
    get: () => Promise.resolve({ body: JSON.stringify({ OrganizationId: OURS.toUpperCase() }), dateMs: 0, sentMs: 0 }),
  };
  expect(await whoAmI(api)).toBe(OURS);
});

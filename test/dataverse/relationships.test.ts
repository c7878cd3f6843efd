// Proves: a relationship that can't be looked up is never taken for one that isn't there.
import { beforeEach, expect, test } from '@jest/globals';
import { WebApiRelationships } from '../../shared/dataverse/relationships';
import { WebApiError, type WebApi } from '../../shared/dataverse/web-api';

const NAME = 'contact_customer_accounts';
const request = (kind: string): string =>
  `GET RelationshipDefinitions(SchemaName='${NAME}')/Microsoft.Dynamics.CRM.${kind}RelationshipMetadata`;
const noneOf = (kind: string): WebApiError =>
  new WebApiError(request(kind), 404, '0x80060888', 'Could not find a relationship');

let clock: number;
let reads: number;
/** What asking for each kind comes to; by default it is one-to-many. */
let failures: { many: Error; one?: Error };
let relationships: WebApiRelationships;

beforeEach(() => {
  clock = 1000;
  reads = 0;
  failures = { many: noneOf('ManyToMany') };
  const api: Pick<WebApi, 'get'> = {
    get: (path) => {
      reads += 1;
      const failure = path.includes('ManyToMany') ? failures.many : failures.one;
      if (failure !== undefined) return Promise.reject(failure);
      const body = {
        SchemaName: NAME,
        ReferencedEntity: 'account',
        ReferencingEntity: 'contact',
        ReferencingAttribute: 'a',
      };
      return Promise.resolve({ body: JSON.stringify(body), dateMs: 0, sentMs: 0 });
    },
  };
  relationships = new WebApiRelationships(api as WebApi, () => clock);
});

const kind = async (): Promise<string> => (await relationships.relationship(NAME)).kind;

test('a definition is read once and kept for an hour', async () => {
  expect([await kind(), await kind(), reads]).toEqual(['one-to-many', 'one-to-many', 2]);
  clock += 3_600_001;
  expect([await kind(), reads]).toEqual(['one-to-many', 4]);
});

test.each([0, 400, 401, 403, 429, 500, 503])(
  '[I45] %i: the failure is told as it is, whichever kind was asked for',
  async (status) => {
    for (const asked of ['ManyToMany', 'OneToMany'] as const) {
      const failure = new WebApiError(request(asked), status, '0x1', 'what happened');
      failures = asked === 'ManyToMany' ? { many: failure } : { many: noneOf('ManyToMany'), one: failure };
      await expect(relationships.relationship(NAME)).rejects.toBe(failure);
    }
    failures = { many: noneOf('ManyToMany') };
    expect(await kind()).toBe('one-to-many');
  },
);

test('[I45] 404 of a proxy says nothing', async () => {
  const failure = new WebApiError(request('ManyToMany'), 404, '', 'no error text');
  failures = { many: failure };
  await expect(relationships.relationship(NAME)).rejects.toBe(failure);
});

test('Dataverse says that there is none: that can pass, and is asked again', async () => {
  failures = { many: noneOf('ManyToMany'), one: noneOf('OneToMany') };
  const unknown = { code: 'relationship-unknown', disposition: 'retry' };
  await expect(relationships.relationship(NAME)).rejects.toMatchObject(unknown);
  failures = { many: noneOf('ManyToMany') };
  expect(await kind()).toBe('one-to-many');
});

test('a definition that can not be read again for now is better than none', async () => {
  await kind();
  clock += 3_600_001;
  failures = { many: new WebApiError(request('ManyToMany'), 503, '', 'busy') };
  expect(await kind()).toBe('one-to-many');
});

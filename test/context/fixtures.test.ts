// Proves: every fact of every invented event is read from its JSON form, in value and type, save what json-losses.ts
// says is lost; parents are read as deep as they go.
import { describe, expect, test } from '@jest/globals';
import type { RowContent, Value } from '../../shared/change/value';
import type { Context } from '../../shared/context/context';
import { readContext } from '../../shared/context/read-context';
import type { Facts } from './fixture-files';
import { factsOf, fixture, FIXTURES } from './fixture-files';
import type { Fact, WriterOffset } from './json-losses';
import { rowInJson, valueInJson } from './json-losses';

const WRITER_OFFSETS: Readonly<Record<string, WriterOffset | undefined>> = { 'update-account-server-offset': -360 };

const inOrder = <V>(map: ReadonlyMap<string, V> | null): (readonly [string, V])[] | null => (map ? [...map] : null);

const parametersOf = (facts: readonly Fact[] | null, offset: WriterOffset): (readonly [string, Value])[] | null =>
  facts?.map((fact) => [fact.name ?? '', valueInJson(fact, offset)] as const) ?? null;

const imagesOf = (facts: Facts['preImages'], offset: WriterOffset): (readonly [string, RowContent])[] | null =>
  facts?.map(({ alias, entity }) => [alias, rowInJson(entity, offset)] as const) ?? null;

function expectFacts(context: Context, facts: Facts, offset: WriterOffset): void {
  expect({
    message: context.message,
    stage: context.stage,
    mode: context.mode,
    depth: context.depth,
    table: context.table,
    rowId: context.rowId,
    secondaryTable: context.secondaryTable,
    correlationId: context.correlationId,
    operationId: context.operationId,
    requestId: context.requestId,
    operationCreatedOn: new Date(context.operationCreatedOn).toISOString(),
    userId: context.userId,
    initiatingUserId: context.initiatingUserId,
    businessUnitId: context.businessUnitId,
    organizationId: context.organizationId,
    organizationName: context.organizationName,
    initiatingUserAgent: context.initiatingUserAgent,
    userEntraId: context.userEntraId,
    initiatingUserEntraId: context.initiatingUserEntraId,
    isInTransaction: context.isInTransaction,
    isExecutingOffline: context.isExecutingOffline,
    isOfflinePlayback: context.isOfflinePlayback,
    isolationMode: context.isolationMode,
    owningExtension: context.owningExtension,
  }).toStrictEqual({
    message: facts.message,
    stage: facts.stage,
    mode: facts.mode === 0 ? 'sync' : 'async',
    depth: facts.depth,
    table: facts.table,
    rowId: facts.rowId,
    secondaryTable: facts.secondaryTable,
    correlationId: facts.correlationId,
    operationId: facts.operationId,
    requestId: facts.requestId,
    operationCreatedOn: facts.operationCreatedOn,
    userId: facts.userId,
    initiatingUserId: facts.initiatingUserId,
    businessUnitId: facts.businessUnitId,
    organizationId: facts.organizationId,
    organizationName: facts.organizationName,
    initiatingUserAgent: facts.initiatingUserAgent,
    userEntraId: facts.userAzureActiveDirectoryObjectId,
    initiatingUserEntraId: facts.initiatingUserAzureActiveDirectoryObjectId,
    isInTransaction: facts.isInTransaction,
    isExecutingOffline: facts.isExecutingOffline,
    isOfflinePlayback: facts.isOfflinePlayback,
    isolationMode: facts.isolationMode,
    owningExtension: { stepId: facts.owningExtension.id, name: facts.owningExtension.displayName },
  });
  expect(inOrder(context.inputParameters)).toStrictEqual(parametersOf(facts.inputParameters, offset));
  expect(inOrder(context.outputParameters)).toStrictEqual(parametersOf(facts.outputParameters, offset));
  expect(inOrder(context.sharedVariables)).toStrictEqual(parametersOf(facts.sharedVariables, offset));
  expect(inOrder(context.preImages)).toStrictEqual(imagesOf(facts.preImages, offset));
  expect(inOrder(context.postImages)).toStrictEqual(imagesOf(facts.postImages, offset));
  if (facts.parent === null) {
    expect(context.parent).toBeNull();
  } else {
    expect(context.parent).not.toBeNull();
    if (context.parent !== null) expectFacts(context.parent, facts.parent, offset);
  }
}

describe('every fact of a fixture is read from its JSON form', () => {
  test('there are fixtures', () => {
    expect(FIXTURES.length).toBeGreaterThanOrEqual(16);
  });

  test.each(FIXTURES)('%s', (name) => {
    expectFacts(readContext(fixture(`${name}.json`)), factsOf(name), WRITER_OFFSETS[name] ?? 0);
  });

  test.each(FIXTURES)('%s, given as text or behind a byte order mark', (name) => {
    const text = fixture(`${name}.json`).toString('utf8');
    const offset = WRITER_OFFSETS[name] ?? 0;
    expectFacts(readContext(text), factsOf(name), offset);
    expectFacts(readContext(`\ufeff${text}`), factsOf(name), offset);
    expectFacts(readContext(Buffer.from(`\ufeff${text}`)), factsOf(name), offset);
  });

  test('three parents deep', () => {
    const chain: string[] = [];
    let at: Context | null = readContext(fixture('update-account-three-parents.json'));
    for (; at !== null; at = at.parent) chain.push(`${at.message} ${at.stage}`);
    expect(chain).toHaveLength(4);
  });

  test('a part is made once, and one by one', () => {
    const context = readContext(fixture('update-contact.json'));
    expect(context.inputParameters).toBe(context.inputParameters);
    expect(context.parent).toBe(context.parent);
    expect(context.postImages?.get('After')).toBe(context.postImages?.get('After'));
    expect(context.postImages?.get('None')).toBeUndefined();
    expect(context.postImages?.size).toBe(2);
  });
});

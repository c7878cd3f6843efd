// Proves: every fact of every invented event is read from each of its forms, in value and type, save what json-losses.ts
// and xml-losses.ts say is lost; parents are read as deep as they go; and the forms of an event mean the same changes.
import { describe, expect, test } from '@jest/globals';
import type { Change } from '../../shared/change/association';
import type { RowContent, Value } from '../../shared/change/value';
import type { Context } from '../../shared/context/context';
import { warningsOf } from '../../shared/context/messages/warnings';
import { readContext } from '../../shared/context/read-context';
import { ROW_MESSAGES, changesOf } from '../../shared/context/messages/to-changes';
import { messageEventOf } from '../../shared/context/messages/to-message-event';
import type { Facts } from './fixture-files';
import { factsOf, fixture, FIXTURES } from './fixture-files';
import type { Fact, WriterOffset } from './json-losses';
import { asInJson, rowInJson, valueInJson } from './json-losses';
import { rowInXml, valueInXml } from './xml-losses';

/** How a form of an event keeps a value and a row. */
interface Keeping {
  readonly value: (fact: Fact) => Value;
  readonly row: (fact: Fact) => RowContent;
}

const inJson = (offset: WriterOffset): Keeping => ({
  value: (fact) => valueInJson(fact, offset),
  row: (fact) => rowInJson(fact, offset),
});

const IN_XML: Keeping = { value: valueInXml, row: rowInXml };

const WRITER_OFFSETS: Readonly<Record<string, WriterOffset | undefined>> = { 'update-account-server-offset': -360 };

const inOrder = <V>(map: ReadonlyMap<string, V> | null): (readonly [string, V])[] | null => (map ? [...map] : null);

const parametersOf = (facts: readonly Fact[] | null, kept: Keeping): (readonly [string, Value])[] | null =>
  facts?.map((fact) => [fact.name ?? '', kept.value(fact)] as const) ?? null;

const imagesOf = (facts: Facts['preImages'], kept: Keeping): (readonly [string, RowContent])[] | null =>
  facts?.map(({ alias, entity }) => [alias, kept.row(entity)] as const) ?? null;

function expectFacts(context: Context, facts: Facts, kept: Keeping): void {
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
  expect(inOrder(context.inputParameters)).toStrictEqual(parametersOf(facts.inputParameters, kept));
  expect(inOrder(context.outputParameters)).toStrictEqual(parametersOf(facts.outputParameters, kept));
  expect(inOrder(context.sharedVariables)).toStrictEqual(parametersOf(facts.sharedVariables, kept));
  expect(inOrder(context.preImages)).toStrictEqual(imagesOf(facts.preImages, kept));
  expect(inOrder(context.postImages)).toStrictEqual(imagesOf(facts.postImages, kept));
  if (facts.parent === null) {
    expect(context.parent).toBeNull();
  } else {
    expect(context.parent).not.toBeNull();
    if (context.parent !== null) expectFacts(context.parent, facts.parent, kept);
  }
}

describe('every fact of a fixture is read from its JSON form', () => {
  test('there are fixtures', () => {
    expect(FIXTURES.length).toBeGreaterThanOrEqual(16);
  });

  test.each(FIXTURES)('%s', (name) => {
    expectFacts(readContext(fixture(`${name}.json`)), factsOf(name), inJson(WRITER_OFFSETS[name] ?? 0));
  });

  test.each(FIXTURES)('%s, given as text or behind a byte order mark', (name) => {
    const text = fixture(`${name}.json`).toString('utf8');
    const kept = inJson(WRITER_OFFSETS[name] ?? 0);
    expectFacts(readContext(text), factsOf(name), kept);
    expectFacts(readContext(`\ufeff${text}`), factsOf(name), kept);
    expectFacts(readContext(Buffer.from(`\ufeff${text}`)), factsOf(name), kept);
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

const VARIANTS = ['create-account.typed.msbin1', 'create-account.text.msbin1'] as const;

describe('every fact of a fixture is read from its XML forms', () => {
  test.each(FIXTURES)('%s in text XML', (name) => {
    const context = readContext(fixture(`${name}.xml`));
    expect(context.form).toEqual({ format: 'xml', envelope: null });
    expectFacts(context, factsOf(name), IN_XML);
  });

  test.each(FIXTURES)('%s in text XML, in the encodings that it may come in', (name) => {
    const text = fixture(`${name}.xml`).toString('utf8');
    const declared = `<?xml version="1.0" encoding="utf-16"?>\r\n${text}\r\n`;
    const utf16 = Buffer.from(`\ufeff${declared}`, 'utf16le');
    for (const body of [
      text,
      `\ufeff${text}`,
      Buffer.from(`\ufeff<?xml version="1.0" encoding="utf-8" standalone="yes"?>${text}`),
      utf16,
      Buffer.from(utf16).swap16(),
    ]) {
      expectFacts(readContext(body), factsOf(name), IN_XML);
    }
  });

  test.each(FIXTURES)('%s in .NET binary', (name) => {
    const context = readContext(fixture(`${name}.msbin1`));
    expect(context.form).toEqual({ format: 'binary', envelope: null });
    expectFacts(context, factsOf(name), IN_XML);
  });

  test.each(VARIANTS)('%s, in the records that the writer avoids', (file) => {
    expectFacts(readContext(fixture(file)), factsOf('create-account'), IN_XML);
  });
});

describe('a legacy body, one text with a context inside', () => {
  const name = 'create-lead-sync';
  const envelope = (content: string): string =>
    `<string xmlns="http://schemas.microsoft.com/2003/10/Serialization/">${content}</string>`;
  const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

  test('is unwrapped, and said to be one', () => {
    const context = readContext(fixture(`${name}.string-body.msbin1`), { contentType: 'application/msbin1' });
    expect(context.form).toEqual({ format: 'json', envelope: 'binary' });
    expectFacts(context, factsOf(name), inJson(0));
    expect(warningsOf(context).map(({ kind }) => kind)).toEqual(['string-envelope']);
  });

  test.each(['json', 'xml'] as const)('in text XML, with %s inside', (form) => {
    const context = readContext(envelope(escaped(fixture(`${name}.${form}`).toString('utf8'))));
    expect(context.form).toEqual({ format: form, envelope: 'xml' });
    expectFacts(context, factsOf(name), form === 'json' ? inJson(0) : IN_XML);
  });

  test('is unwrapped once', () => {
    const inner = escaped(envelope(escaped(fixture(`${name}.xml`).toString('utf8'))));
    expect(() => readContext(envelope(inner))).toThrow(expect.objectContaining({ code: 'context-invalid' }));
    expect(() => readContext(envelope('words'))).toThrow(expect.objectContaining({ code: 'format-unsupported' }));
    expect(() => readContext(envelope('<a/>'))).toThrow(expect.objectContaining({ code: 'context-invalid' }));
  });
});

describe('the forms of an event mean the same changes', () => {
  const HANDLED = FIXTURES.filter((name) => ROW_MESSAGES.has(factsOf(name).message));
  const EVENTS = FIXTURES.filter((name) => !ROW_MESSAGES.has(factsOf(name).message));
  /** The body is part of the delivery key, so all are given the same. */
  const body = Buffer.from('the same for all');
  const changesIn = (file: string, fullImageAlias: string): readonly Change[] =>
    changesOf(readContext(fixture(file)), { source: 'test', body, fullImageAlias });

  test('there are some', () => {
    expect(HANDLED.length).toBeGreaterThanOrEqual(15);
  });

  test.each(HANDLED.flatMap((name) => ['After', 'none'].map((alias) => [name, alias] as const)))(
    '%s, full image %s',
    (name, alias) => {
      const offset = WRITER_OFFSETS[name] ?? 0;
      const json = changesIn(`${name}.json`, alias);
      const xml = changesIn(`${name}.xml`, alias);
      expect(json.length).toBeGreaterThan(0);
      expect(changesIn(`${name}.msbin1`, alias)).toStrictEqual(xml);
      const likeJson = xml.map((change) =>
        'columns' in change ? { ...change, columns: asInJson(change.columns, offset) } : change,
      );
      expect(likeJson).toStrictEqual(json);
    },
  );

  test.each(EVENTS)('%s, which is no change of rows', (name) => {
    const eventIn = (file: string) => messageEventOf(readContext(fixture(file)), { source: 'test', body });
    const xml = eventIn(`${name}.xml`);
    expect(eventIn(`${name}.msbin1`)).toStrictEqual(xml);
    const { columns, ...rest } = eventIn(`${name}.json`);
    expect({ ...rest, columns: asInJson(xml.columns, 0) }).toStrictEqual({ ...rest, columns });
    expect({ ...xml, columns }).toStrictEqual({ ...rest, columns });
  });

  test.each(VARIANTS)('%s', (file) => {
    expect(changesIn(file, 'none')).toStrictEqual(changesIn('create-account.msbin1', 'none'));
  });
});

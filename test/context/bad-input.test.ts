// Proves: whatever arrives, it is either read or refused with an error of ours that says what is wrong, never with
// another one and never with the content; and nothing in it reaches an object's prototype.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { binaryXml } from '../../local/dataverse/events/binary-xml';
import { contractJson } from '../../local/dataverse/events/contract-json';
import { guidValue, intValue, pairsValue, textValue, type Members } from '../../local/dataverse/events/contract-value';
import { contractXml, textXml } from '../../local/dataverse/events/contract-xml';
import type { Context } from '../../shared/context/context';
import {
  BinaryInvalid,
  BodyEmpty,
  BodyTooLarge,
  ContextFormatUnsupported,
  ContextInvalid,
  JsonInvalid,
  XmlInvalid,
} from '../../shared/context/errors';
import { warningsOf } from '../../shared/context/messages/warnings';
import { DEFAULT_MAX_BYTES, DEFAULT_MAX_DEPTH, readContext, type ReadOptions } from '../../shared/context/read-context';
import { changesOf } from '../../shared/context/messages/to-changes';
import { codeOf, dispositionOf, OutboundError } from '../../shared/errors/errors';
import { FIXTURES, changed, fixture, type Wire } from './fixture-files';

const ENTITY = 'Entity:http://schemas.microsoft.com/xrm/2011/Contracts';

/** Reads every part of a context. */
function readAll(context: Context): void {
  for (let at: Context | null = context; at !== null; at = at.parent) {
    for (const map of [at.inputParameters, at.outputParameters, at.sharedVariables, at.preImages, at.postImages]) {
      if (map !== null) expect([...map.entries()]).toHaveLength(map.size);
    }
  }
}

/** Does all that can be done with a body; every step may refuse, but only with an error of ours. */
function tryAll(body: Uint8Array | string, options: ReadOptions = {}): unknown {
  let failure: unknown;
  const attempt = <T>(step: () => T): T | undefined => {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      failure ??= error;
      return undefined;
    }
  };
  const context = attempt(() => readContext(body, options));
  if (context === undefined) return failure;
  attempt(() => readAll(context));
  attempt(() => warningsOf(context));
  attempt(() => changesOf(context, { source: 'test', body: Buffer.from(body), fullImageAlias: 'After' }));
  return failure;
}

const failureOf = (step: () => unknown): unknown => {
  try {
    step();
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('a body that is refused', () => {
  test.each<[string, Uint8Array | string, unknown, string, string]>([
    ['nothing', new Uint8Array(), BodyEmpty, 'body-empty', 'reject'],
    ['an empty text', '', BodyEmpty, 'body-empty', 'reject'],
    ['white space', ' \r\n\t', BodyEmpty, 'body-empty', 'reject'],
    ['a byte order mark alone', Uint8Array.of(0xef, 0xbb, 0xbf), BodyEmpty, 'body-empty', 'reject'],
    ['too much', ' '.repeat(DEFAULT_MAX_BYTES + 1), BodyTooLarge, 'body-too-large', 'park'],
    ['half of a context', fixture('update-contact.json').subarray(0, 2000), JsonInvalid, 'json-invalid', 'park'],
    [
      'a context and more',
      Buffer.concat([fixture('update-contact.json'), Buffer.from('x')]),
      JsonInvalid,
      'json-invalid',
      'park',
    ],
    [
      'bytes that are not UTF-8',
      Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d),
      JsonInvalid,
      'json-invalid',
      'park',
    ],
    ['a list', '[]', ContextInvalid, 'context-invalid', 'park'],
    ['an object without members', '{}', ContextInvalid, 'context-invalid', 'park'],
    ['half of a document', fixture('create-account.xml').subarray(0, 2000), XmlInvalid, 'xml-invalid', 'park'],
    [
      'half of a binary document',
      fixture('create-account.msbin1').subarray(0, 2000),
      BinaryInvalid,
      'binary-invalid',
      'park',
    ],
    ['another document', '<a/>', ContextInvalid, 'context-invalid', 'park'],
    ['words', 'hello', ContextFormatUnsupported, 'format-unsupported', 'park'],
  ])('%s', (_, body, type, code, disposition) => {
    const error = failureOf(() => readContext(body));
    expect(error).toBeInstanceOf(type);
    expect(codeOf(error)).toBe(code);
    expect(dispositionOf(error)).toBe(disposition);
  });

  test('the bound is in bytes, and one can be given', () => {
    const text = fixture('create-account.json').toString('utf8');
    expect(() => readContext(text, { maxBytes: Buffer.byteLength(text) })).not.toThrow();
    expect(() => readContext(text, { maxBytes: Buffer.byteLength(text) - 1 })).toThrow(BodyTooLarge);
    expect(() => readContext(Buffer.from(text), { maxBytes: Buffer.byteLength(text) - 1 })).toThrow(BodyTooLarge);
  });

  test('bytes that are not UTF-8 are refused, not replaced', () => {
    const body = fixture('update-contact.json');
    body[body.indexOf('Amara')] = 0xc3;
    expect(failureOf(() => readContext(body))).toMatchObject({ code: 'json-invalid', reason: 'encoding' });
  });

  test('an error tells where the text went wrong and never what it holds', () => {
    const secret = 'Amara Okonkwo-Lindqvist';
    const whole = fixture('update-contact.json').toString('utf8');
    const at = whole.indexOf(secret) + 10;
    for (const [text, position] of [
      [`${whole.slice(0, at)}"${whole.slice(at)}`, at + 1],
      [whole.slice(0, at), at],
    ] as const) {
      const error = failureOf(() => readContext(text));
      expect(error).toBeInstanceOf(JsonInvalid);
      expect(error).toMatchObject({ position: position });
      expect(String(error) + JSON.stringify(error)).not.toContain(secret.slice(0, 6));
      expect(error).not.toHaveProperty('cause');
    }
  });
});

describe('a context with a fault', () => {
  const MEMBERS = Object.keys(JSON.parse(fixture('create-account.json').toString('utf8')) as Wire);
  const MAY_BE_ABSENT = [
    'BusinessUnitId',
    'InitiatingUserAgent',
    'InitiatingUserAzureActiveDirectoryObjectId',
    'InputParameters',
    'IsExecutingOffline',
    'IsInTransaction',
    'IsOfflinePlayback',
    'IsolationMode',
    'OrganizationName',
    'OutputParameters',
    'OwningExtension',
    'ParentContext',
    'PostEntityImages',
    'PreEntityImages',
    'RequestId',
    'SecondaryEntityName',
    'SharedVariables',
    'UserAzureActiveDirectoryObjectId',
  ];

  test.each(MEMBERS)('%s absent', (member) => {
    const failure = tryAll(changed('create-account', { [member]: undefined }));
    if (MAY_BE_ABSENT.includes(member)) expect(failure).toBeUndefined();
    else expect(failure).toMatchObject({ code: 'context-invalid', member });
  });

  describe('nothing but what is used', () => {
    const rowId = 'e48664d8-dbdd-43be-8d96-c02d26fc1d54';
    const id = guidValue(rowId);
    const used: Members = {
      CorrelationId: id,
      Depth: intValue(1),
      InitiatingUserId: id,
      InputParameters: pairsValue('anyType', []),
      MessageName: textValue('Update'),
      Mode: intValue(1),
      OperationCreatedOn: { kind: 'dateTime', epochMs: Date.UTC(2026, 5, 1, 8), zone: 'none' },
      OperationId: id,
      OrganizationId: id,
      PrimaryEntityId: id,
      PrimaryEntityName: textValue('account'),
      Stage: intValue(40),
      UserId: id,
    };
    const unused = ['BusinessUnitId', 'IsExecutingOffline', 'IsInTransaction', 'IsOfflinePlayback', 'IsolationMode'];
    const asNull: Members = { ...used, ...Object.fromEntries(unused.map((member) => [member, null])) };

    test.each([
      ['JSON', contractJson],
      ['text XML', (members: Members) => textXml(contractXml(members))],
      ['.NET binary', (members: Members) => binaryXml(contractXml(members))],
    ])('in %s: it is read, and its change is known', (_, form) => {
      for (const members of [used, asNull]) {
        const body = form(members);
        expect(tryAll(body)).toBeUndefined();
        expect(changesOf(readContext(body), { source: 'test', body })).toMatchObject([
          { kind: 'patch', row: { table: 'account', id: rowId } },
        ]);
      }
    });
  });

  test.each(MEMBERS)('%s of another type', (member) => {
    const failure = tryAll(changed('create-account', { [member]: { not: 'it' } }));
    expect(failure).toMatchObject({ code: 'context-invalid' });
    expect(failure instanceof ContextInvalid ? failure.member.split('.')[0] : '').toBe(member);
  });

  test.each([
    ['Mode', 2],
    ['Mode', 1.5],
    ['Stage', '40'],
    ['Depth', null],
    ['MessageName', ''],
    ['OperationCreatedOn', '/Date(x)/'],
    ['OperationCreatedOn', 1775135111000],
    ['OperationCreatedOn', '/Date(99999999999999999)/'],
    ['IsInTransaction', 'false'],
  ])('%s %p', (member, value) => {
    expect(tryAll(changed('create-account', { [member]: value }))).toMatchObject({ code: 'context-invalid', member });
  });

  test('members that are not known are ignored', () => {
    const extra = { Aaa: 1.1, AuthenticatedUserId: 'x', zzz: [{ key: 1 }], __proto__x: { MessageName: 'Delete' } };
    expect(tryAll(changed('create-account', extra))).toBeUndefined();
  });

  test.each([
    ['columns that are no pairs', { Attributes: ['x'] }, 'InputParameters.Target.Attributes'],
    ['columns that are no list', { Attributes: {} }, 'InputParameters.Target.Attributes'],
    ['a column without a name', { Attributes: [{ value: 1 }] }, 'InputParameters.Target.Attributes'],
    ['an id that is no text', { Id: 7 }, 'InputParameters.Target.Id'],
    [
      'an amount that is none',
      { Attributes: [{ key: 'a', value: { __type: ENTITY.replace('Entity', 'Money') } }] },
      'InputParameters.Target.Attributes.a.Value',
    ],
  ])('%s', (_, members, member) => {
    const value = {
      __type: ENTITY,
      Attributes: [],
      Id: 'e48664d8-dbdd-43be-8d96-c02d26fc1d54',
      LogicalName: 'account',
      ...members,
    };
    const body = changed('create-account', { InputParameters: [{ key: 'Target', value }] });
    const error = failureOf(() => changesOf(readContext(body), { source: 'test', body }));
    expect(error).toMatchObject({ code: 'context-invalid', member, disposition: 'park' });
  });

  test('a fault in a part that is not needed does not stop the change', () => {
    const parts = {
      SharedVariables: [{ key: 'x', value: { __type: ENTITY, Attributes: 1 } }],
      ParentContext: { bad: 1 },
      PreEntityImages: 'x',
    };
    const body = changed('update-contact', parts);
    expect(changesOf(readContext(body), { source: 'test', body })).toHaveLength(1);
    expect(() => readContext(body).parent).toThrow(ContextInvalid);
    expect(() => readContext(body).preImages).toThrow(ContextInvalid);
    expect(() => readContext(body).sharedVariables?.get('x')).toThrow(ContextInvalid);
  });
});

describe('nesting', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const withValue = (json: string): Buffer => {
    const body = changed('update-contact', { SharedVariables: [{ key: 'deep', value: 'HERE' }] });
    return Buffer.from(body.toString('utf8').replace('"HERE"', json));
  };

  test.each([
    ['lists', nested(60_000)],
    ['objects of an unknown type', `${'{"x":'.repeat(60_000)}1${'}'.repeat(60_000)}`],
    ['aliased values', `${`{"__type":"AliasedValue:${ENTITY.slice(7)}","Value":`.repeat(5000)}1${'}'.repeat(5000)}`],
    [
      'rows',
      `${`{"__type":"${ENTITY}","Id":"x","Attributes":[{"key":"a","value":`.repeat(4000)}1${'}]}'.repeat(4000)}`,
    ],
  ])('%s deeper than allowed are refused', (_, json) => {
    const context = readContext(withValue(json));
    expect(() => context.sharedVariables?.get('deep')).toThrow(ContextInvalid);
    expect(() => context.sharedVariables?.get('deep')).toThrow(/nested at most 64 deep/);
  });

  test('the bound can be given', () => {
    const body = withValue(nested(10));
    expect(() => readContext(body, { maxDepth: 10 }).sharedVariables?.get('deep')).not.toThrow();
    expect(() => readContext(body, { maxDepth: 8 }).sharedVariables?.get('deep')).toThrow(ContextInvalid);
  });

  test('so are parents', () => {
    const whole = changed('update-contact', { ParentContext: null }).toString('utf8');
    const [before = '', after = ''] = whole.split('"ParentContext":null');
    const parents = DEFAULT_MAX_DEPTH + 1;
    const text = `${`${before}"ParentContext":`.repeat(parents)}null${after.repeat(parents)}`;
    const maxBytes = text.length;
    expect(() => readAll(readContext(text, { maxBytes }))).not.toThrow();
    const deeper = `${before}"ParentContext":${text}${after}`;
    expect(() => readAll(readContext(deeper, { maxBytes: deeper.length }))).toThrow(ContextInvalid);
  });
});

describe('anything at all', () => {
  test('bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void tryAll(bytes)),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void tryAll(bytes, { format: 'json' })),
      { numRuns: 1000 },
    );
  });

  test('a fixture with bytes changed', () => {
    const edits = fc.array(
      fc.tuple(
        fc.nat(),
        fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('"\\,:{}[]019.-eE'))),
      ),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...FIXTURES), edits, (name, changes) => {
        const body = Buffer.from(fixture(`${name}.json`));
        for (const [at, byte] of changes) body[at % body.length] = byte;
        tryAll(body);
      }),
      { numRuns: 2000 },
    );
  });

  test('a fixture with a value somewhere replaced', () => {
    const replace = (node: unknown, path: number[], put: unknown): unknown => {
      if (typeof node !== 'object' || node === null) return put;
      const names = Object.keys(node);
      const [first, ...rest] = path;
      if (first === undefined || names.length === 0) return put;
      const name = names[first % names.length] ?? '';
      const copy = (Array.isArray(node) ? [...(node as unknown[])] : { ...node }) as Wire;
      copy[name] = replace(copy[name], rest, put);
      return copy;
    };
    const put = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(null, 1.5, '/Date(1)/', ENTITY, [{ __type: ENTITY }], { __type: ENTITY }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...FIXTURES),
        fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
        put,
        (name, path, value) => {
          const wire: unknown = JSON.parse(fixture(`${name}.json`).toString('utf8'));
          tryAll(JSON.stringify(replace(wire, path, value)));
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('names that reach prototypes elsewhere', () => {
  test('are columns, parameters and members like others', () => {
    const evil = '{"key":"__proto__","value":{"polluted":true}},{"key":"constructor","value":"x"}';
    const text = fixture('update-contact.json')
      .toString('utf8')
      .replace('"Attributes":[', `"__proto__":{"polluted":true},"Attributes":[${evil},`)
      .replace('"InputParameters":[', `"__proto__":{"polluted":true},"InputParameters":[${evil},`);
    const body = Buffer.from(text);
    const [change] = changesOf(readContext(body), { source: 'test', body });
    const columns = change?.kind === 'patch' ? change.columns : new Map();
    expect(columns.get('__proto__')).toMatchObject({ kind: 'unknown', json: '{"polluted":true}' });
    expect(columns.get('constructor')).toEqual({ kind: 'string', value: 'x' });
    expect(readContext(body).inputParameters?.has('__proto__')).toBe(true);
    expect(({} as Wire).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(change ?? null)).toBe(Object.prototype);
  });
});

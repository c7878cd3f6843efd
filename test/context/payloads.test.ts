// Proves: the facts of real captures are read rightly. They are not ours to copy, so these tests run only where the
// folder ../shared/payloads lies beside the repository, and say NOT RUN where it doesn't.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { RowChange } from '../../shared/change/row-change';
import type { Context } from '../../shared/context/context';
import { warningsOf } from '../../shared/context/messages/warnings';
import { readContext } from '../../shared/context/read-context';
import { changesOf } from '../../shared/context/messages/to-changes';

const FOLDER = path.resolve(__dirname, '../../../shared/payloads');
const there = existsSync(FOLDER);

interface Capture {
  readonly context: Context;
  readonly change: RowChange;
  readonly columns: readonly string[];
}

function capture(name: string): Capture {
  const body = readFileSync(path.join(FOLDER, `${name}.json`));
  const context = readContext(body, { contentType: 'application/json' });
  const [change, ...more] = changesOf(context, { source: 'test', body });
  expect(more).toEqual([]);
  if (change === undefined || !('row' in change)) throw new Error('no change of a row');
  return { context, change, columns: change.kind === 'delete' ? [] : [...change.columns.keys()] };
}

const chainOf = (context: Context): string[] => {
  const chain: string[] = [];
  for (let at: Context | null = context; at !== null; at = at.parent) chain.push(`${at.message} ${at.stage}`);
  return chain;
};

const parts = (context: Context): unknown[] =>
  [
    context.inputParameters,
    context.outputParameters,
    context.sharedVariables,
    context.preImages,
    context.postImages,
  ].map((map) => [...(map?.keys() ?? [])]);

const seconds = (iso: string): number => Date.parse(iso) / 1000;

if (!there) process.stderr.write(`NOT RUN: ${path.basename(__filename)} needs ${FOLDER}\n`);

(there ? describe : describe.skip)(`real captures${there ? '' : ': NOT RUN'}`, () => {
  test('02: an activity from a server at +03:00, with its parties', () => {
    const { context, change, columns } = capture('02-update-customactivity-async-party');
    expect(context).toMatchObject({
      message: 'Update',
      mode: 'async',
      stage: 40,
      depth: 1,
      table: 'new_customactivity',
    });
    expect(context.operationCreatedOnOffset).toBe(180);
    // Three hours later than the milliseconds say, and so the same second as modifiedon.
    expect(context.operationCreatedOn).toBe(1724647396000 + 3 * 3_600_000);
    expect(change).toMatchObject({ kind: 'patch', row: { id: '841579d9-7e63-ef11-9e4a-00155d0001ea' } });
    expect(change.evidence).toMatchObject({ kind: 'event', at: 1724658196, isTrusted: true });
    expect(columns).toEqual([
      'activityid',
      'statecode',
      'statuscode',
      'modifiedon',
      'modifiedby',
      'modifiedonbehalfby',
    ]);
    expect(parts(context)).toEqual([
      ['Target', 'parentExecutionId'],
      [],
      ['IsAutoTransact'],
      ['Image'],
      ['AsynchronousStepPrimaryName'],
    ]);
    expect(context.preImages?.get('Image')?.columns.get('from')).toMatchObject({
      kind: 'rows',
      table: 'activityparty',
    });
    expect(context.preImages?.get('Image')?.columns.get('to')).toMatchObject({ kind: 'rows', table: 'activityparty' });
    // The parent says Update and holds the parameters of another message.
    expect([...(context.parent?.inputParameters?.keys() ?? [])]).toEqual(['EntityMoniker', 'State', 'Status']);
    expect(warningsOf(context).map(({ kind }) => kind)).toContain('offset-trap');
  });

  test('06: a column of nearly every type', () => {
    const { context, change } = capture('06-create-alltypes-async-spaced');
    expect(context).toMatchObject({ message: 'Create', mode: 'async', table: 'albxrm_alltypes' });
    expect(change.row.id).toBe('44bfc2a7-903e-eb11-a813-000d3ad9c2e1');
    expect(change.evidence).toMatchObject({ kind: 'event', at: 1608007658, isTrusted: true });
    const columns = change.kind === 'patch' ? change.columns : new Map();
    expect(columns.size).toBe(26);
    expect(columns.get('albxrm_wholenumber')).toEqual({ kind: 'number', text: '987654321' });
    expect(columns.get('albxrm_currency')).toEqual({ kind: 'money', text: '2154.32' });
    expect(columns.get('albxrm_optionset')).toMatchObject({ kind: 'choice' });
    expect(columns.get('albxrm_multiselectoptionset')).toMatchObject({ kind: 'choices' });
    expect(columns.get('albxrm_lookupaccount')).toMatchObject({ kind: 'lookup', table: 'account' });
    expect(columns.get('modifiedonbehalfby')).toBeNull();
    expect(context.outputParameters?.get('id')).toEqual({ kind: 'string', value: change.row.id });
  });

  test('09: a server at -07:00, without a request id', () => {
    const { context, change, columns } = capture('09-update-contact-async-msdocs-page');
    expect(context).toMatchObject({ message: 'Update', mode: 'async', table: 'contact', requestId: null });
    expect(context.operationCreatedOn).toBe(1506409448000 - 7 * 3_600_000);
    expect(change.evidence).toMatchObject({ kind: 'event', at: 1506384247, isTrusted: true });
    expect(columns).toContain('firstname');
    expect(context.parent?.sharedVariables?.get('ChangedEntityTypes')).toMatchObject({ kind: 'pairs' });
    expect(context.postImages?.get('AsynchronousStepPrimaryName')?.columns.size).toBe(2);
  });

  test('16 and 18: two events of one request, with one operation id and keys of their own', () => {
    const created = capture('16-create-lead-sync');
    const updated = capture('18-update-lead-depth2-sync');
    expect(created.context).toMatchObject({ message: 'Create', mode: 'sync', depth: 1, isInTransaction: true });
    expect(updated.context).toMatchObject({ message: 'Update', mode: 'sync', depth: 2, isInTransaction: true });
    expect(created.context.owningExtension?.name).toBe('LeadWebhook: Create of lead');
    expect(created.context.operationCreatedOn).toBe(1525647913673);
    for (const id of ['operationId', 'requestId', 'correlationId', 'rowId'] as const) {
      expect(created.context[id]).toBe(updated.context[id]);
    }
    expect(created.change.evidence.kind).toBe('unconfirmed');
    expect(updated.change.evidence.kind).toBe('unconfirmed');
    expect(JSON.stringify(created.change.evidence)).not.toBe(JSON.stringify(updated.change.evidence));
    expect(created.columns).toHaveLength(21);
    expect(updated.columns).toEqual([
      'new_purchaseprofile',
      'leadid',
      'modifiedon',
      'modifiedby',
      'modifiedonbehalfby',
    ]);
    expect(chainOf(updated.context)).toEqual(['Update 40', 'Update 30', 'Create 40', 'Create 30']);
  });

  test('17: a delete, done by one user for another', () => {
    const { context, change } = capture('17-delete-lead-async');
    expect(change).toMatchObject({
      kind: 'delete',
      row: { table: 'lead', id: 'b9581547-2a60-e811-a952-000d3a391928' },
    });
    expect(change.evidence).toMatchObject({ kind: 'event', at: seconds('2018-05-29T22:41:43Z'), isTrusted: false });
    expect(change.origin.userId).not.toBe(change.origin.initiatingUserId);
    expect(parts(context)).toEqual([['Target'], [], [], ['AsynchronousStepPrimaryName'], []]);
  });

  test('21: a row version in Target, which is no evidence', () => {
    const { context, change, columns } = capture('21-update-agentstatus-async-msdocs');
    expect(context.initiatingUserAgent).toContain('AssignmentEngine');
    const target = context.inputParameters?.get('Target');
    expect(target?.kind === 'row' ? target.row.rowVersion : null).toBe('5948260');
    expect(change.evidence).toMatchObject({ kind: 'event', at: 1722582039, isTrusted: true });
    expect(columns).toHaveLength(13);
    expect(warningsOf(context).map(({ kind }) => kind)).toEqual(['row-version-ignored']);
  });
});

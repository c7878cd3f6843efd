import type { RowEvent, Step, StepImage, User } from './event';
import { formattedValue, type DateForm, type NameOf } from './formatted-value';
import { Digits, writeJson, type Json } from './json-text';
import type { ColumnDefinition, Table } from './table';
import { asReference, valueText, type Columns, type Value } from './value';

/** What a context says of the organisation, and which generation of contexts it sends. */
export interface ContextSettings {
  readonly organizationId: string;
  /** The unique database name (`org94971a24`), not the host. */
  readonly organizationName: string;
  /** Members that only newer versions send: AzureActiveDirectoryObjectIds and InitiatingUserAgent. */
  readonly identityMembers: boolean;
  readonly utcOffsetMinutes: number;
  /** How an oversize context lacks its four members: no capture tells. */
  readonly oversizeForm: 'absent' | 'null' | 'empty';
  readonly nameOf: NameOf;
}

/** One run of a step: synchronous steps run as part of the request, asynchronous ones as a system job. */
export type StepRun =
  | { readonly kind: 'sync'; readonly at: number }
  | { readonly kind: 'async'; readonly jobId: string; readonly createdAt: number };

type Members = Readonly<Record<string, Json>>;

const typeName = (name: string): string => `${name}:http://schemas.microsoft.com/xrm/2011/Contracts`;

// Where a value is declared as object, DataContractJsonSerializer names its type, always first; elsewhere never.
const typed = (name: string, members: Members): Members => ({ __type: typeName(name), ...members });

const pair = (key: string, value: Json): Members => ({ key, value });

const reference = (table: string, id: string, name: string | null): Members => ({
  Id: id,
  KeyAttributes: [],
  LogicalName: table,
  Name: name,
  RowVersion: null,
});

function attribute(column: ColumnDefinition, value: Value, nameOf: NameOf): Json {
  if (value === null) return null;
  switch (column.type) {
    case 'string':
    case 'memo':
    case 'uniqueidentifier':
    case 'boolean':
    case 'integer':
    case 'double':
      return value as string | boolean | number;
    case 'bigint':
    case 'decimal':
      return new Digits(valueText(value));
    case 'money':
      return typed('Money', { Value: new Digits(valueText(value)) });
    case 'dateTime':
      // UTC kind has no offset; dates without a zone (Unspecified) come with the server's.
      return `/Date(${Date.parse(valueText(value))}${column.behavior === 'UserLocal' ? '' : '+0000'})/`;
    case 'choice':
    case 'state':
    case 'status':
      return typed('OptionSetValue', { Value: Number(value) });
    case 'choices':
      return (value as readonly number[]).map((item) => typed('OptionSetValue', { Value: item }));
    case 'lookup':
    case 'customer':
    case 'owner': {
      const target = asReference(value);
      return target === undefined ? null : typed('EntityReference', reference(target.table, target.id, nameOf(target)));
    }
    default:
      return column satisfies never;
  }
}

const entity = (table: Table, id: string, attributes: readonly Json[], formatted: readonly Json[]): Members => ({
  Attributes: attributes,
  EntityState: null,
  FormattedValues: formatted,
  Id: id,
  KeyAttributes: [],
  LogicalName: table.logicalName,
  RelatedEntities: [],
  RowVersion: null,
});

const withoutName: NameOf = () => null;

function targetEntity(event: RowEvent, columns: Columns): Members {
  const attributes = Object.entries(columns).flatMap(([name, value]) => {
    const column = event.table.byName.get(name);
    return column === undefined ? [] : [pair(name, attribute(column, value, withoutName))];
  });
  return typed('Entity', entity(event.table, event.id, attributes, []));
}

function imageEntity(event: RowEvent, row: Columns, image: StepImage, settings: ContextSettings): Members {
  const form: DateForm = { kind: 'image', utcOffsetMinutes: settings.utcOffsetMinutes };
  const attributes: Json[] = [];
  const formatted: Json[] = [];
  for (const column of event.table.columns) {
    const name = column.logicalName;
    const value = row[name] ?? null;
    // An image holds only columns that have a value, and never the row version.
    if (value === null || name === 'versionnumber') continue;
    if (image.columns !== undefined && !image.columns.includes(name) && name !== event.table.primaryId) continue;
    attributes.push(pair(name, attribute(column, value, settings.nameOf)));
    const shown = formattedValue(column, value, form, settings.nameOf);
    if (shown !== undefined) formatted.push(pair(name, shown));
  }
  return entity(event.table, event.id, attributes, formatted);
}

/** The image that every asynchronous step gets unasked: primary name and id. */
function primaryNameImage(event: RowEvent, row: Columns): Members {
  const { primaryName, primaryId } = event.table;
  const name = primaryName === null ? null : (row[primaryName] ?? null);
  const attributes: Json[] = primaryName === null || name === null ? [] : [pair(primaryName, valueText(name))];
  attributes.push(pair(primaryId, event.id));
  return pair('AsynchronousStepPrimaryName', entity(event.table, event.id, attributes, []));
}

function images(event: RowEvent, step: Step, run: StepRun, when: 'pre' | 'post', settings: ContextSettings): Json[] {
  const row = when === 'pre' ? event.before : event.after;
  // There is no pre image on Create, no post image on Delete, and a post image only after the main operation.
  if (row === undefined || (when === 'post' && step.stage < 40)) return [];
  const list: Json[] = [];
  const unasked = event.message === 'Delete' ? 'pre' : 'post';
  if (run.kind === 'async' && when === unasked) list.push(primaryNameImage(event, row));
  for (const image of step.images) {
    if (image.when === when) list.push(pair(image.alias, imageEntity(event, row, image, settings)));
  }
  return list;
}

function inputParameters(event: RowEvent, columns: Columns, stage: number): Json[] {
  if (event.message === 'Delete') {
    return [pair('Target', typed('EntityReference', reference(event.table.logicalName, event.id, null)))];
  }
  const target = pair('Target', targetEntity(event, columns));
  return stage === 30 ? [target, pair('SuppressDuplicateDetection', false)] : [target];
}

function sharedVariables(event: RowEvent, run: StepRun, stage: number): Json[] {
  const variables: Json[] = [];
  if (run.kind === 'async') variables.push(pair('IsAutoTransact', true));
  if (event.message === 'Create') variables.push(pair('DefaultsAddedFlag', true));
  if (event.tag !== undefined) variables.push(pair('tag', event.tag));
  if (stage === 30) {
    const changed = {
      __type: 'KeyValuePairOfstringstring:#System.Collections.Generic',
      key: event.table.logicalName,
      value: event.message === 'Delete' ? 'Delete' : 'Update',
    };
    variables.push(pair('ChangedEntityTypes', [changed]));
  }
  return variables;
}

/**
 * OperationCreatedOn: to the millisecond and without offset as part of a request; of a system job whole seconds, with the
 * offset of a server that keeps UTC (the job's time is read back from the database without its kind).
 */
const createdOn = (run: StepRun, event: RowEvent, stage: number): string =>
  run.kind === 'async'
    ? `/Date(${Math.floor(run.createdAt / 1000) * 1000}+0000)/`
    : `/Date(${stage === 30 ? event.startedAt : run.at})/`;

function context(event: RowEvent, step: Step, run: StepRun, stage: number, settings: ContextSettings): Members {
  const { initiatingUser, user } = event;
  const isAsync = run.kind === 'async';
  const inner = stage === 30;
  const objectId = (member: string, of: User): Members => (settings.identityMembers ? { [member]: of.objectId } : {});
  const created = event.message === 'Create' && stage === 40;
  // The members stand in ordinal alphabetical order in every format.
  return {
    BusinessUnitId: user.businessUnitId,
    CorrelationId: event.correlationId,
    Depth: event.depth,
    ...(settings.identityMembers ? { InitiatingUserAgent: event.userAgent } : {}),
    ...objectId('InitiatingUserAzureActiveDirectoryObjectId', initiatingUser),
    InitiatingUserId: initiatingUser.id,
    InputParameters: inputParameters(event, stage === 40 ? event.target : event.requested, stage),
    IsExecutingOffline: false,
    // Stage 10 runs before the transaction; asynchronous steps run after it.
    IsInTransaction: !isAsync && stage !== 10,
    IsOfflinePlayback: false,
    IsolationMode: 1,
    MessageName: event.message,
    Mode: isAsync ? 1 : 0,
    OperationCreatedOn: createdOn(run, event, stage),
    OperationId: isAsync ? run.jobId : event.requestId,
    OrganizationId: settings.organizationId,
    OrganizationName: settings.organizationName,
    OutputParameters: created ? [pair('id', event.id)] : [],
    OwningExtension: reference('sdkmessageprocessingstep', step.id, isAsync ? null : step.name),
    ParentContext: stage === 40 ? context(event, step, run, 30, settings) : null,
    PostEntityImages: inner ? [] : images(event, step, run, 'post', settings),
    PreEntityImages: inner ? [] : images(event, step, run, 'pre', settings),
    PrimaryEntityId: event.id,
    PrimaryEntityName: event.table.logicalName,
    RequestId: event.requestId,
    SecondaryEntityName: 'none',
    SharedVariables: sharedVariables(event, run, stage),
    Stage: stage,
    ...objectId('UserAzureActiveDirectoryObjectId', user),
    UserId: user.id,
  };
}

const REMOVED: Readonly<Record<string, Json>> = {
  InputParameters: [],
  ParentContext: null,
  PostEntityImages: [],
  PreEntityImages: [],
};

function withoutBulk(members: Members, form: ContextSettings['oversizeForm']): Members {
  const kept = Object.entries(members).flatMap(([name, value]): [string, Json][] => {
    const empty = REMOVED[name];
    if (empty === undefined) return [[name, value]];
    if (form === 'absent') return [];
    return [[name, form === 'null' ? null : empty]];
  });
  return Object.fromEntries(kept);
}

/** A serialised context. */
export interface ContextBody {
  readonly bytes: Buffer;
  /** The four bulky members were removed. */
  readonly reduced: boolean;
}

/**
 * The RemoteExecutionContext of an event as DataContractJsonSerializer writes it. Over `limitBytes`, ParentContext,
 * InputParameters and the images are removed (or always, with `reduce`). Undefined when it is too long even then: the
 * platform does not send it.
 */
export function contextBody(
  event: RowEvent,
  step: Step,
  run: StepRun,
  settings: ContextSettings,
  size: { readonly limitBytes: number; readonly reduce: boolean },
): ContextBody | undefined {
  const members = context(event, step, run, step.stage, settings);
  const write = (json: Json): Buffer => Buffer.from(writeJson(json, 'dataContract'), 'utf8');
  if (!size.reduce) {
    const bytes = write(members);
    if (bytes.length <= size.limitBytes) return { bytes, reduced: false };
  }
  const bytes = write(withoutBulk(members, settings.oversizeForm));
  return bytes.length <= size.limitBytes ? { bytes, reduced: true } : undefined;
}

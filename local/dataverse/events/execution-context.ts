import { binaryXml } from './binary-xml';
import { contractJson } from './contract-json';
import {
  attributeValue,
  entityValue,
  flagValue,
  guidValue,
  intValue,
  pairsValue,
  parameterContract,
  referenceValue,
  textValue,
  type ContractObject,
  type ContractValue,
  type Members,
  type Pair,
  type Scalar,
} from './contract-value';
import { contractXml, textXml } from './contract-xml';
import type { ImageSource, Parameter, RaisedEvent, Step, StepImage, User } from './event';
import { formattedValue, type DateForm, type NameOf } from '../rows/formatted-value';
import { valueText, type Columns } from '../rows/value';

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

/** What contexts of a message have beside its parameters; other messages have none of it. */
interface Traits {
  /** When asynchronous steps get the image of the primary name unasked. */
  readonly primaryName: 'pre' | 'post';
  /** What ChangedEntityTypes of the parent calls it. */
  readonly changed: 'Update' | 'Delete';
  readonly duplicateDetection: boolean;
}

const TRAITS: Readonly<Record<string, Traits>> = {
  Create: { primaryName: 'post', changed: 'Update', duplicateDetection: true },
  Update: { primaryName: 'post', changed: 'Update', duplicateDetection: true },
  Delete: { primaryName: 'pre', changed: 'Delete', duplicateDetection: false },
  Assign: { primaryName: 'pre', changed: 'Update', duplicateDetection: false },
};

function imageEntity(
  { table, id }: ImageSource,
  row: Columns,
  image: StepImage,
  settings: ContextSettings,
): ContractObject {
  const form: DateForm = { kind: 'image', utcOffsetMinutes: settings.utcOffsetMinutes };
  const attributes: Pair[] = [];
  const formatted: Pair[] = [];
  for (const column of table.columns) {
    const name = column.logicalName;
    const value = row[name] ?? null;
    // An image of a row holds only columns that have a value, and never the row version or an image.
    if (value === null || name === 'versionnumber' || column.type === 'image') continue;
    if (image.columns !== undefined && !image.columns.includes(name) && name !== table.primaryId) continue;
    attributes.push({ key: name, value: attributeValue(column, value, settings.nameOf) });
    const shown = formattedValue(column, value, form, settings.nameOf);
    if (shown !== undefined) formatted.push({ key: name, value: textValue(shown) });
  }
  return entityValue(table.logicalName, id, attributes, formatted);
}

/** The image that asynchronous steps of some messages get unasked: primary name and id. */
function primaryNameImage({ table, id }: ImageSource, row: Columns): Pair {
  const { primaryName, primaryId } = table;
  const name = primaryName === null ? null : (row[primaryName] ?? null);
  const attributes: Pair[] =
    primaryName === null || name === null ? [] : [{ key: primaryName, value: textValue(valueText(name)) }];
  attributes.push({ key: primaryId, value: guidValue(id) });
  return { key: 'AsynchronousStepPrimaryName', value: entityValue(table.logicalName, id, attributes) };
}

/** The row of an image: that of its parameter, or the only one there is. */
function imageSource(event: RaisedEvent, property: string): ImageSource | undefined {
  const sources = Object.values(event.images);
  return event.images[property] ?? (sources.length === 1 ? sources[0] : undefined);
}

function images(event: RaisedEvent, step: Step, run: StepRun, when: 'pre' | 'post', settings: ContextSettings): Pair[] {
  // There is no pre image on Create, no post image on Delete, and a post image only after the main operation.
  if (when === 'post' && step.stage < 40) return [];
  const rowOf = (source: ImageSource | undefined): Columns | undefined =>
    when === 'pre' ? source?.before : source?.after;
  const list: Pair[] = [];
  const target = event.images.Target;
  const targetRow = rowOf(target);
  const unasked = run.kind === 'async' && when === TRAITS[event.message]?.primaryName;
  if (unasked && target !== undefined && targetRow !== undefined) list.push(primaryNameImage(target, targetRow));
  for (const image of step.images) {
    const source = imageSource(event, image.property);
    const row = rowOf(source);
    if (image.when !== when || source === undefined || row === undefined) continue;
    list.push({ key: image.alias, value: imageEntity(source, row, image, settings) });
  }
  return list;
}

function inputParameters(event: RaisedEvent, stage: number): Pair[] {
  const parameters = parameterPairs(stage === 40 ? event.input : event.requested);
  const detection = stage === 30 && TRAITS[event.message]?.duplicateDetection === true;
  return detection ? [...parameters, { key: 'SuppressDuplicateDetection', value: flagValue(false) }] : parameters;
}

const parameterPairs = (parameters: readonly Parameter[]): Pair[] =>
  parameters.map(({ name, value }) => ({ key: name, value: parameterContract(value) }));

function sharedVariables(event: RaisedEvent, run: StepRun, stage: number): Pair[] {
  const variables: Pair[] = [];
  if (run.kind === 'async') variables.push({ key: 'IsAutoTransact', value: flagValue(true) });
  if (event.message === 'Create') variables.push({ key: 'DefaultsAddedFlag', value: flagValue(true) });
  // What happened inside another operation has the caller's mark in its parent context only.
  if (event.tag !== undefined && event.parent === undefined)
    variables.push({ key: 'tag', value: textValue(event.tag) });
  const traits = TRAITS[event.message];
  if (stage === 30 && traits !== undefined) {
    const changed = [{ key: event.table, value: textValue(traits.changed) }];
    variables.push({ key: 'ChangedEntityTypes', value: pairsValue('dictionary', changed) });
  }
  return variables;
}

/**
 * OperationCreatedOn: to the millisecond and without offset as part of a request; of a system job whole seconds, with the
 * offset of a server that keeps UTC (the job's time is read back from the database without its kind).
 */
const createdOn = (run: StepRun, event: RaisedEvent, stage: number): Scalar =>
  run.kind === 'async'
    ? { kind: 'dateTime', epochMs: Math.floor(run.createdAt / 1000) * 1000, zone: 'none' }
    : { kind: 'dateTime', epochMs: stage === 30 ? event.startedAt : run.at, zone: 'utc' };

function context(event: RaisedEvent, step: Step, run: StepRun, stage: number, settings: ContextSettings): Members {
  const { initiatingUser, user } = event;
  const isAsync = run.kind === 'async';
  const inner = stage === 30;
  const objectId = (member: string, of: User): Members =>
    settings.identityMembers ? { [member]: guidValue(of.objectId) } : {};
  const main = stage === 40 && TRAITS[event.message] !== undefined;
  const outer = main ? event : event.parent;
  // The members stand in ordinal alphabetical order in every format.
  return {
    BusinessUnitId: guidValue(user.businessUnitId),
    CorrelationId: guidValue(event.correlationId),
    Depth: intValue(event.depth),
    ...(settings.identityMembers ? { InitiatingUserAgent: textValue(event.userAgent) } : {}),
    ...objectId('InitiatingUserAzureActiveDirectoryObjectId', initiatingUser),
    InitiatingUserId: guidValue(initiatingUser.id),
    InputParameters: pairsValue('anyType', inputParameters(event, stage)),
    IsExecutingOffline: flagValue(false),
    // Stage 10 runs before the transaction; asynchronous steps run after it.
    IsInTransaction: flagValue(!isAsync && stage !== 10),
    IsOfflinePlayback: flagValue(false),
    IsolationMode: intValue(1),
    MessageName: textValue(event.message),
    Mode: intValue(isAsync ? 1 : 0),
    OperationCreatedOn: createdOn(run, event, stage),
    OperationId: guidValue(isAsync ? run.jobId : event.requestId),
    OrganizationId: guidValue(settings.organizationId),
    OrganizationName: textValue(settings.organizationName),
    OutputParameters: pairsValue('anyType', stage === 40 ? parameterPairs(event.output) : []),
    OwningExtension: referenceValue({ table: 'sdkmessageprocessingstep', id: step.id }, isAsync ? null : step.name),
    ParentContext: outer === undefined ? null : contextValue(context(outer, step, run, 30, settings)),
    PostEntityImages: pairsValue('Entity', inner ? [] : images(event, step, run, 'post', settings)),
    PreEntityImages: pairsValue('Entity', inner ? [] : images(event, step, run, 'pre', settings)),
    PrimaryEntityId: guidValue(event.id),
    PrimaryEntityName: textValue(event.table),
    RequestId: guidValue(event.requestId),
    SecondaryEntityName: textValue('none'),
    SharedVariables: pairsValue('anyType', sharedVariables(event, run, stage)),
    Stage: intValue(stage),
    ...objectId('UserAzureActiveDirectoryObjectId', user),
    UserId: guidValue(user.id),
  };
}

const contextValue = (members: Members): ContractObject => ({
  kind: 'object',
  type: 'RemoteExecutionContext',
  members,
});

const REMOVED: Members = {
  InputParameters: pairsValue('anyType', []),
  ParentContext: null,
  PostEntityImages: pairsValue('Entity', []),
  PreEntityImages: pairsValue('Entity', []),
};

function withoutBulk(members: Members, form: ContextSettings['oversizeForm']): Members {
  const kept = Object.entries(members).flatMap(([name, value]): [string, ContractValue][] => {
    const empty = REMOVED[name];
    if (empty === undefined) return [[name, value]];
    if (form === 'absent') return [];
    return [[name, form === 'null' ? null : empty]];
  });
  return Object.fromEntries(kept);
}

/** The forms in which contexts are sent, by their content types (write-listener-application). */
export const CONTENT_TYPE = { json: 'application/json', xml: 'application/xml', binary: 'application/msbin1' } as const;

/** A form of contexts. */
export type ContextForm = keyof typeof CONTENT_TYPE;

function serialized(members: Members, form: ContextForm): Buffer {
  switch (form) {
    case 'json':
      return contractJson(members);
    case 'xml':
      return textXml(contractXml(members));
    case 'binary':
      return binaryXml(contractXml(members));
    default:
      return form satisfies never;
  }
}

/** A serialised context. */
export interface ContextBody {
  readonly bytes: Buffer;
  /** The four bulky members were removed. */
  readonly reduced: boolean;
}

/**
 * The RemoteExecutionContext of an event as .NET's serialisers write it. Over `limitBytes`, ParentContext,
 * InputParameters and the images are removed (or always, with `reduce`). Undefined when it is too long even then: the
 * platform does not send it.
 */
export function contextBody(
  event: RaisedEvent,
  step: Step,
  run: StepRun,
  settings: ContextSettings,
  size: { readonly limitBytes: number; readonly reduce: boolean; readonly form: ContextForm },
): ContextBody | undefined {
  const members = context(event, step, run, step.stage, settings);
  if (!size.reduce) {
    const bytes = serialized(members, size.form);
    if (bytes.length <= size.limitBytes) return { bytes, reduced: false };
  }
  const bytes = serialized(withoutBulk(members, settings.oversizeForm), size.form);
  return bytes.length <= size.limitBytes ? { bytes, reduced: true } : undefined;
}

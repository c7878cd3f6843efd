import { attributeJson, entityJson, pair, parameterJson, referenceJson, type Members } from './contract-json';
import type { ImageSource, RaisedEvent, Step, StepImage, User } from './event';
import { formattedValue, type DateForm, type NameOf } from './formatted-value';
import { writeJson, type Json } from './json-text';
import type { Parameter } from './parameter';
import { valueText, type Columns } from './value';

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

function imageEntity({ table, id }: ImageSource, row: Columns, image: StepImage, settings: ContextSettings): Members {
  const form: DateForm = { kind: 'image', utcOffsetMinutes: settings.utcOffsetMinutes };
  const attributes: Json[] = [];
  const formatted: Json[] = [];
  for (const column of table.columns) {
    const name = column.logicalName;
    const value = row[name] ?? null;
    // An image holds only columns that have a value, and never the row version.
    if (value === null || name === 'versionnumber') continue;
    if (image.columns !== undefined && !image.columns.includes(name) && name !== table.primaryId) continue;
    attributes.push(pair(name, attributeJson(column, value, settings.nameOf)));
    const shown = formattedValue(column, value, form, settings.nameOf);
    if (shown !== undefined) formatted.push(pair(name, shown));
  }
  return entityJson(table.logicalName, id, attributes, formatted);
}

/** The image that asynchronous steps of some messages get unasked: primary name and id. */
function primaryNameImage({ table, id }: ImageSource, row: Columns): Members {
  const { primaryName, primaryId } = table;
  const name = primaryName === null ? null : (row[primaryName] ?? null);
  const attributes: Json[] = primaryName === null || name === null ? [] : [pair(primaryName, valueText(name))];
  attributes.push(pair(primaryId, id));
  return pair('AsynchronousStepPrimaryName', entityJson(table.logicalName, id, attributes));
}

/** The row of an image: that of its parameter, or the only one there is. */
function imageSource(event: RaisedEvent, property: string): ImageSource | undefined {
  const sources = Object.values(event.images);
  return event.images[property] ?? (sources.length === 1 ? sources[0] : undefined);
}

function images(event: RaisedEvent, step: Step, run: StepRun, when: 'pre' | 'post', settings: ContextSettings): Json[] {
  // There is no pre image on Create, no post image on Delete, and a post image only after the main operation.
  if (when === 'post' && step.stage < 40) return [];
  const rowOf = (source: ImageSource | undefined): Columns | undefined =>
    when === 'pre' ? source?.before : source?.after;
  const list: Json[] = [];
  const target = event.images.Target;
  const targetRow = rowOf(target);
  const unasked = run.kind === 'async' && when === TRAITS[event.message]?.primaryName;
  if (unasked && target !== undefined && targetRow !== undefined) list.push(primaryNameImage(target, targetRow));
  for (const image of step.images) {
    const source = imageSource(event, image.property);
    const row = rowOf(source);
    if (image.when !== when || source === undefined || row === undefined) continue;
    list.push(pair(image.alias, imageEntity(source, row, image, settings)));
  }
  return list;
}

function inputParameters(event: RaisedEvent, stage: number): Json[] {
  const parameters = parametersJson(stage === 40 ? event.input : event.requested);
  const detection = stage === 30 && TRAITS[event.message]?.duplicateDetection === true;
  return detection ? [...parameters, pair('SuppressDuplicateDetection', false)] : parameters;
}

const parametersJson = (parameters: readonly Parameter[]): Json[] =>
  parameters.map(({ name, value }) => pair(name, parameterJson(value)));

function sharedVariables(event: RaisedEvent, run: StepRun, stage: number): Json[] {
  const variables: Json[] = [];
  if (run.kind === 'async') variables.push(pair('IsAutoTransact', true));
  if (event.message === 'Create') variables.push(pair('DefaultsAddedFlag', true));
  if (event.tag !== undefined) variables.push(pair('tag', event.tag));
  const traits = TRAITS[event.message];
  if (stage === 30 && traits !== undefined) {
    const changed = {
      __type: 'KeyValuePairOfstringstring:#System.Collections.Generic',
      key: event.table,
      value: traits.changed,
    };
    variables.push(pair('ChangedEntityTypes', [changed]));
  }
  return variables;
}

/**
 * OperationCreatedOn: to the millisecond and without offset as part of a request; of a system job whole seconds, with the
 * offset of a server that keeps UTC (the job's time is read back from the database without its kind).
 */
const createdOn = (run: StepRun, event: RaisedEvent, stage: number): string =>
  run.kind === 'async'
    ? `/Date(${Math.floor(run.createdAt / 1000) * 1000}+0000)/`
    : `/Date(${stage === 30 ? event.startedAt : run.at})/`;

function context(event: RaisedEvent, step: Step, run: StepRun, stage: number, settings: ContextSettings): Members {
  const { initiatingUser, user } = event;
  const isAsync = run.kind === 'async';
  const inner = stage === 30;
  const objectId = (member: string, of: User): Members => (settings.identityMembers ? { [member]: of.objectId } : {});
  const hasParent = stage === 40 && TRAITS[event.message] !== undefined;
  // The members stand in ordinal alphabetical order in every format.
  return {
    BusinessUnitId: user.businessUnitId,
    CorrelationId: event.correlationId,
    Depth: event.depth,
    ...(settings.identityMembers ? { InitiatingUserAgent: event.userAgent } : {}),
    ...objectId('InitiatingUserAzureActiveDirectoryObjectId', initiatingUser),
    InitiatingUserId: initiatingUser.id,
    InputParameters: inputParameters(event, stage),
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
    OutputParameters: stage === 40 ? parametersJson(event.output) : [],
    OwningExtension: referenceJson({ table: 'sdkmessageprocessingstep', id: step.id }, isAsync ? null : step.name),
    ParentContext: hasParent ? context(event, step, run, 30, settings) : null,
    PostEntityImages: inner ? [] : images(event, step, run, 'post', settings),
    PreEntityImages: inner ? [] : images(event, step, run, 'pre', settings),
    PrimaryEntityId: event.id,
    PrimaryEntityName: event.table,
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
  event: RaisedEvent,
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

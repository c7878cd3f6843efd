import { DataverseError, invalidArgument } from '../dataverse-error';
import type { Table } from '../metadata/table';
import { asText, type Columns } from '../rows/value';
import { checkNames, withDefaults } from './column-rules';
import { CONTRACT } from './registration-tables';

/** What a step refers to. */
export interface StepParts {
  readonly endpoint: Columns;
  readonly message: Columns;
  /** Undefined: the step is for all tables, or for none. */
  readonly filter: Columns | undefined;
  /** The id of the message that the filter belongs to. */
  readonly filterMessage: string | undefined;
  readonly messageId: string;
  /** The table of the filter. */
  readonly table: Table | undefined;
}

/** A comma list as registration keeps one; empty: all columns. */
export const columnNames = (list: unknown): readonly string[] =>
  typeof list !== 'string'
    ? []
    : list
        .split(',')
        .map((name) => name.trim().toLowerCase())
        .filter((name) => name !== '');

const DEFAULTS: Columns = {
  mode: 0,
  asyncautodelete: false,
  invocationsource: 0,
  canbebypassed: false,
  canusereadonlyconnection: false,
  enablepluginprofiler: false,
  supporteddeployment: 0,
  ismanaged: false,
};

/** What a step gets when it is created and does not say otherwise. */
export const completedStep = (requested: Columns, before: Columns | undefined): Columns =>
  before === undefined ? withDefaults(requested, DEFAULTS) : {};

const STAGES = [10, 20, 40];

/** The columns that a step has to have. */
export const STEP_COLUMNS = ['name', 'stage', 'mode', 'rank', 'supporteddeployment', 'eventhandler', 'sdkmessageid'];

/**
 * What the platform asks of a step, as far as known in its order and words (the texts in
 * SdkMessageProcessingStepService.VerifyData; register-plug-in).
 */
export function checkStep(step: Columns, parts: StepParts): void {
  const { mode, stage, statecode, statuscode } = step;
  const isAsync = mode === 1;
  if (!STAGES.some((each) => each === stage)) {
    throw new DataverseError(400, '0x80044184', 'Invalid plug-in registration stage.');
  }
  if (isAsync && stage !== 40) {
    throw invalidArgument(
      'Asynchronous steps are only supported in AfterMainOperationInsideTransaction stages and AfterMainOperationOutsideTransaction stage',
    );
  }
  if (!isAsync && step.asyncautodelete === true) {
    throw invalidArgument('Async auto delete can only be set for asynchronous steps.');
  }
  if (!isAsync && parts.endpoint.contract !== CONTRACT.webhook) {
    throw invalidArgument('Only asynchronous steps are supported for service bus plug-in');
  }
  // The rest of the platform's sentence is not known.
  if (isAsync && step.supporteddeployment !== 0) {
    throw invalidArgument('Asynchronous steps are only supported in server deployment.');
  }
  if (statuscode !== (statecode === 0 ? 1 : 2)) {
    throw new DataverseError(
      400,
      '0x80048408',
      'State code is invalid or state code is valid but status code is invalid for a specified state code.',
    );
  }
  checkFilter(parts);
  checkFilteringColumns(step, parts);
}

function checkFilter({ filter, filterMessage, messageId }: StepParts): void {
  if (filter === undefined) return;
  if (filterMessage !== messageId) throw invalidArgument('The message filter is not one of the message of the step.');
  if (filter.iscustomprocessingstepallowed !== true) {
    throw new DataverseError(
      400,
      '0x80044187',
      'Custom SdkMessageProcessingStep is not allowed on the specified message and entity.',
    );
  }
}

function checkFilteringColumns(step: Columns, { message, table }: StepParts): void {
  const names = columnNames(step.filteringattributes);
  if (names.length === 0) return;
  if (message.name !== 'Update') {
    throw invalidArgument(`The message ${asText(message.name)} has no filtering attributes: only Update has.`);
  }
  if (table === undefined) throw invalidArgument('Filtering attributes need a step of one table.');
  checkNames(table, names, 'filteringattributes');
}

/** What an image belongs to. */
export interface ImageParts {
  readonly step: Columns;
  readonly message: string;
  /** Undefined: the step is for all tables. */
  readonly table: Table | undefined;
  /** The other images of the step. */
  readonly siblings: readonly Columns[];
}

/**
 * The messages that support images, with the parameters whose row it can be. Of Create the documentation says Target, the
 * platform takes Id only; of the Multiples it takes Ids and Targets (register-plug-in; scottdurow/SparkleXrm#489).
 */
const PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  Assign: ['Target'],
  Create: ['Id'],
  CreateMultiple: ['Ids'],
  Delete: ['Target'],
  Merge: ['Target', 'SubordinateId'],
  SetState: ['EntityMoniker'],
  SetStateDynamicEntity: ['EntityMoniker'],
  Update: ['Target'],
  UpdateMultiple: ['Targets'],
};

const PRE = 0;
const POST = 1;

const hasPre = (image: Columns): boolean => image.imagetype !== POST;
const hasPost = (image: Columns): boolean => image.imagetype !== PRE;

/** The columns that an image has to have. */
export const IMAGE_COLUMNS = ['sdkmessageprocessingstepid', 'name', 'entityalias', 'messagepropertyname', 'imagetype'];

/**
 * The platform fails when an image is changed without naming its step: two projects met its NullReferenceException in
 * SdkMessageProcessingStepImageServiceInternal.Update.
 */
export function checkImageUpdate(requested: Columns): void {
  if ('sdkmessageprocessingstepid' in requested) return;
  throw new DataverseError(
    500,
    '0x80040216',
    'System.NullReferenceException: Object reference not set to an instance of an object.',
  );
}

/** What the platform asks of an image (register-plug-in, "Availability of images"). */
export function checkImage(image: Columns, { step, message, table, siblings }: ImageParts): void {
  const properties = PROPERTIES[message];
  if (properties === undefined) throw invalidArgument(`Message ${message} does not support images.`);
  const multiple = message.endsWith('Multiple') ? message.slice(0, -'Multiple'.length) : message;
  if ((multiple === 'Create' && hasPre(image)) || (multiple === 'Delete' && hasPost(image))) {
    throw invalidArgument(`Message ${message} does not support this image type.`);
  }
  const property = asText(image.messagepropertyname);
  if (!properties.includes(property)) {
    throw new DataverseError(
      400,
      '0x8004416b',
      `Message property name '${property}' is not valid on message ${message}.`,
    );
  }
  if (hasPost(image) && step.stage !== 40) {
    throw invalidArgument('A post image needs a step at stage 40: before the main operation there is none.');
  }
  if (table !== undefined) checkNames(table, columnNames(image.attributes), 'attributes');
  const taken = siblings.some(
    (other) =>
      other.entityalias === image.entityalias &&
      ((hasPre(other) && hasPre(image)) || (hasPost(other) && hasPost(image))),
  );
  if (taken) throw invalidArgument(`The step has an image '${asText(image.entityalias)}' already.`);
}

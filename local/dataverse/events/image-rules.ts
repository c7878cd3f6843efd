import { checkNames } from '../rows/column-checks';
import { DataverseError, invalidArgument } from '../dataverse-error';
import { columnNames } from '../registration/step-rules';
import type { Table } from '../metadata/table';
import { asText, type Columns } from '../rows/value';

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

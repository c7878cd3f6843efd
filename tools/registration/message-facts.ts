/**
 * What the platform allows for a message.
 * https://learn.microsoft.com/power-apps/developer/data-platform/register-plug-in#define-entity-images
 */

/** Messages whose steps can have images, each with the parameters whose row an image can be of; the first by default. */
const IMAGE_PROPERTIES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  Assign: ['Target'],
  // The documentation says Target; the platform takes the answer's parameter only, as the row has no id before.
  Create: ['Id'],
  CreateMultiple: ['Ids'],
  Delete: ['Target'],
  DeliverIncoming: ['EmailId'],
  DeliverPromote: ['EmailId'],
  Merge: ['Target', 'SubordinateId'],
  Route: ['Target'],
  Send: ['FaxId', 'EmailId', 'TemplateId'],
  SetState: ['EntityMoniker'],
  SetStateDynamicEntity: ['EntityMoniker'],
  Update: ['Target'],
  UpdateMultiple: ['Targets'],
};

/** The parameters whose row an image of this message can be of; undefined: it has no images. */
export const imageProperties = (message: string): readonly [string, ...string[]] | undefined =>
  Object.hasOwn(IMAGE_PROPERTIES, message) ? IMAGE_PROPERTIES[message] : undefined;

/** Whether a message makes rows, or deletes them. */
export const createsRows = (message: string): boolean => /^Create(?:Multiple)?$/.test(message);
export const deletesRows = (message: string): boolean => /^Delete(?:Multiple)?$/.test(message);

/** Messages with images, for errors. */
export const messagesWithImages = (): readonly string[] => Object.keys(IMAGE_PROPERTIES);

/** Whether steps of this message can be limited to some columns. */
export const hasFilteringColumns = (message: string): boolean => message === 'Update';

/**
 * What the platform allows for a message.
 * https://learn.microsoft.com/power-apps/developer/data-platform/register-plug-in#define-entity-images
 */

/** Messages whose steps can have images, each with the parameters whose row an image can be of; the first by default. */
const IMAGE_PROPERTIES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  Assign: ['Target'],
  // Its row has an id only when it is there: the parameter is that of the answer.
  Create: ['Id'],
  Delete: ['Target'],
  DeliverIncoming: ['EmailId'],
  DeliverPromote: ['EmailId'],
  Merge: ['Target', 'SubordinateId'],
  Route: ['Target'],
  Send: ['FaxId', 'EmailId', 'TemplateId'],
  SetState: ['EntityMoniker'],
  SetStateDynamicEntity: ['EntityMoniker'],
  Update: ['Target'],
};

/** The parameters whose row an image of this message can be of; undefined: it has no images. */
export const imageProperties = (message: string): readonly [string, ...string[]] | undefined =>
  IMAGE_PROPERTIES[message];

/** Messages with images, for errors. */
export const messagesWithImages = (): readonly string[] => Object.keys(IMAGE_PROPERTIES);

/** Whether steps of this message can be limited to some columns. */
export const hasFilteringColumns = (message: string): boolean => message === 'Update';

/**
 * The forms a service endpoint can send a context in (`messageformat`: binary XML, JSON, text XML). Webhooks send JSON
 * only, event hubs JSON or text XML.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/serviceendpoint
 */
export const CONTEXT_FORMATS = ['json', 'xml', 'binary'] as const;

/** One of the forms a context can come in. */
export type ContextFormat = (typeof CONTEXT_FORMATS)[number];

/**
 * Content types of the forms, as messages of queues and topics carry them.
 * https://learn.microsoft.com/power-apps/developer/data-platform/write-listener-application-azure-solution
 */
const CONTENT_TYPES: ReadonlyMap<string, ContextFormat> = new Map([
  ['application/json', 'json'],
  ['text/json', 'json'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
  ['application/msbin1', 'binary'],
]);

/** First characters: an object or list, a tag, or the binary writer's element record (0x40). */
const FIRST: Readonly<Record<string, ContextFormat | undefined>> = {
  '{': 'json',
  '[': 'json',
  '<': 'xml',
  '@': 'binary',
};

const BOM = '\ufeff';

/** The first character that counts: a byte order mark and white space come before it. */
function firstOf(body: Uint8Array | string): string {
  const start = typeof body === 'string' ? body.slice(0, 64) : Buffer.from(body.subarray(0, 64)).toString('utf8');
  return start.replace(BOM, '').trimStart().charAt(0);
}

/**
 * The form of a body: as its content type says; where that says nothing, as its first character does. Undefined when
 * neither tells.
 */
export function detectFormat(body: Uint8Array | string, contentType?: string): ContextFormat | undefined {
  const declared = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return CONTENT_TYPES.get(declared) ?? FIRST[firstOf(body)];
}

import type { Context } from './context';
import { BodyEmpty, BodyTooLarge, ContextFormatUnsupported } from './errors';
import type { ContextFormat } from './format';
import { detectFormat } from './format';
import { readBinary, readXml } from './elements/read-elements';
import { readJson, type ReadBounds } from './json/read-json';

/**
 * Webhooks send up to 256 KB and buses up to 192 KB (https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks);
 * the rest is room for whoever puts a context into another envelope or text encoding.
 */
export const DEFAULT_MAX_BYTES = 1_048_576;

/** Contexts in captures nest some twenty deep; a chain of eight parents, the platform's limit, would add as many. */
export const DEFAULT_MAX_DEPTH = 64;

/** Bodies within Dataverse's own bound of 256 KB can't hold more values, whatever their format. */
export const DEFAULT_MAX_NODES = 262_144;

/** How to read a body. */
export interface ReadOptions {
  /** The delivery's content type. @default none: the first character tells the format */
  readonly contentType?: string;
  /** The format, whatever the content type and the body say. @default as detected */
  readonly format?: ContextFormat;
  /** Larger bodies are refused. @default DEFAULT_MAX_BYTES */
  readonly maxBytes?: number;
  /** Values and parents nested deeper are refused. @default DEFAULT_MAX_DEPTH */
  readonly maxDepth?: number;
  /** Bodies that hold more values are refused. @default DEFAULT_MAX_NODES */
  readonly maxNodes?: number;
}

const bytesOf = (body: Uint8Array | string): number =>
  typeof body === 'string' ? Buffer.byteLength(body) : body.length;

/** White space of JSON and XML, and the bytes of a byte order mark. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);

/** Whether a body holds nothing; stops at the first thing that it holds. */
function isBlank(body: Uint8Array | string): boolean {
  if (typeof body === 'string') return body.trimStart() === '';
  for (const byte of body) if (!BLANKS.has(byte)) return false;
  return true;
}

/** A body that may be read: its format, undefined where nothing tells it, and how much it may hold. */
export interface CheckedBody {
  readonly format: ContextFormat | undefined;
  readonly bounds: ReadBounds;
}

/** What can be said of a body before it is read. @throws BodyEmpty, BodyTooLarge */
export function checkBody(body: Uint8Array | string, options: ReadOptions): CheckedBody {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const bytes = bytesOf(body);
  if (bytes > maxBytes) throw new BodyTooLarge(bytes, maxBytes);
  if (isBlank(body)) throw new BodyEmpty();
  const bounds = {
    maxDepth: options.maxDepth ?? DEFAULT_MAX_DEPTH,
    maxNodes: options.maxNodes ?? DEFAULT_MAX_NODES,
  };
  return { format: options.format ?? detectFormat(body, options.contentType), bounds };
}

/**
 * Reads an execution context in any format that a service endpoint can send.
 *
 * Where a body has a member or a key twice the last one counts, in every format.
 *
 * @throws BodyEmpty, BodyTooLarge, BodyTooComplex, ContextFormatUnsupported, JsonInvalid, XmlInvalid, BinaryInvalid,
 *   ContextInvalid
 */
export function readContext(body: Uint8Array | string, options: ReadOptions = {}): Context {
  const { format, bounds } = checkBody(body, options);
  switch (format) {
    case 'json':
      return readJson(body, bounds);
    case 'xml':
      return readXml(body, bounds);
    case 'binary':
      return readBinary(body, bounds);
    case undefined:
      throw new ContextFormatUnsupported();
  }
}

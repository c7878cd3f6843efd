import { BinaryReader } from '../binary/binary-reader';
import type { BodyForm, Context } from '../context';
import type { WireElement } from './element';
import { ElementReader } from './element-reader';
import type { TreeBounds } from './element-tree';
import { ElementTree } from './element-tree';
import { ContextFormatUnsupported, ContextInvalid, XmlInvalid } from '../errors';
import { detectFormat } from '../format';
import { CONTRACTS, SERIALIZATION } from './namespaces';
import type { ReadBounds } from '../json/read-json';
import { readJson } from '../json/read-json';
import { WireContext } from '../wire-context';
import { XmlReader } from '../xml/xml-reader';

/** Elements that one level of values takes: a row in a collection is the most, from `value` to the next `value`. */
const ELEMENTS_PER_LEVEL = 5;

/** Parents are one element each, and a context's own members a few. */
const treeBoundsOf = ({ maxDepth, maxNodes }: ReadBounds): TreeBounds => ({
  maxElementDepth: (ELEMENTS_PER_LEVEL + 1) * (maxDepth + 2),
  maxNodes,
});

const DECODERS = {
  utf8: new TextDecoder('utf-8', { fatal: true }),
  utf16le: new TextDecoder('utf-16le', { fatal: true }),
  utf16be: new TextDecoder('utf-16be', { fatal: true }),
} as const;

/** The decoder that a byte order mark asks for; UTF-8 without one. https://www.w3.org/TR/xml/#sec-guessing */
function decoderOf(body: Uint8Array): InstanceType<typeof TextDecoder> {
  if (body[0] === 0xff && body[1] === 0xfe) return DECODERS.utf16le;
  return body[0] === 0xfe && body[1] === 0xff ? DECODERS.utf16be : DECODERS.utf8;
}

function decode(body: Uint8Array | string): string {
  if (typeof body === 'string') return body.startsWith('\ufeff') ? body.slice(1) : body;
  try {
    return decoderOf(body).decode(body);
  } catch {
    throw new XmlInvalid('encoding');
  }
}

type Envelope = 'xml' | 'binary' | null;

function xmlRoot(body: Uint8Array | string, bounds: ReadBounds): WireElement {
  const xml = new XmlReader();
  const tree = new ElementTree(treeBoundsOf(bounds), (fault) => new XmlInvalid(fault, xml.position));
  xml.read(decode(body), tree, typeof body !== 'string');
  return tree.root();
}

function binaryRoot(body: Uint8Array | string, bounds: ReadBounds): WireElement {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const tree: ElementTree = new ElementTree(treeBoundsOf(bounds), (fault) => binary.fault(fault));
  const binary: BinaryReader = new BinaryReader(bytes, tree);
  binary.read();
  return tree.root();
}

const ROOT = 'RemoteExecutionContext';

/**
 * A context over the elements of a message.
 *
 * @throws ContextInvalid when it is no context, or a member is missing or of another type
 */
export function contextOfElement(root: WireElement, maxDepth: number, form: BodyForm): Context {
  if (root.name !== ROOT || root.uri !== CONTRACTS || root.nil)
    throw new ContextInvalid('The outermost element', `${ROOT} of ${CONTRACTS}`);
  return new WireContext(new ElementReader(maxDepth), root, form);
}

/**
 * The context that a document is, or the one that is text inside it: senders of old put the JSON text into one `string`
 * element. Only once, for no sender does so twice.
 */
function contextOfRoot(root: WireElement, format: 'xml' | 'binary', envelope: Envelope, bounds: ReadBounds): Context {
  if (root.name !== 'string' || root.uri !== SERIALIZATION) {
    return contextOfElement(root, bounds.maxDepth, { format, envelope });
  }
  if (envelope !== null || root.last !== null || root.nil) {
    throw new ContextInvalid('The outermost element', 'a context, or one text that holds a context');
  }
  const text = root.text;
  const inner = detectFormat(text);
  switch (inner) {
    case 'json':
      return readJson(text, bounds, { format: inner, envelope: format });
    case 'xml':
      return contextOfRoot(xmlRoot(text, bounds), inner, format, bounds);
    case 'binary':
    case undefined:
      throw new ContextFormatUnsupported();
  }
}

/**
 * Reads a context in text XML, as queues, topics and event hubs can be sent it.
 * https://learn.microsoft.com/power-apps/developer/data-platform/write-listener-application-azure-solution
 *
 * @throws XmlInvalid when the body is not XML in UTF-8 or UTF-16; BodyTooComplex; ContextInvalid when it is no context
 */
export const readXml = (body: Uint8Array | string, bounds: ReadBounds): Context =>
  contextOfRoot(xmlRoot(body, bounds), 'xml', null, bounds);

/**
 * Reads a context in .NET's binary XML, which queues and topics are sent unless another format is chosen.
 * https://learn.microsoft.com/openspecs/windows_protocols/mc-nbfx/
 *
 * @throws BinaryInvalid when the body is not that; BodyTooComplex; ContextInvalid when it is no context
 */
export const readBinary = (body: Uint8Array | string, bounds: ReadBounds): Context =>
  contextOfRoot(binaryRoot(body, bounds), 'binary', null, bounds);

import { SaxesParser } from 'saxes';
import type { ElementEvents } from './element-events';
import { OutboundError } from '../errors';
import { XmlInvalid } from './errors';
import { markForbidden } from './forbidden-references';

/** The entities that need no document type. A parser's own table may reach an object's prototype: this one has none. */
const ENTITIES: Record<string, string> = Object.assign(Object.create(null) as Record<string, string>, {
  amp: '&',
  apos: "'",
  gt: '>',
  lt: '<',
  quot: '"',
});

/** Encodings that a document may declare: those that its bytes are read as. */
const DECLARABLE: ReadonlySet<string> = new Set(['utf-8', 'utf-16', 'utf-16le', 'utf-16be', 'us-ascii']);

/** Reads a document of text XML, telling what it meets. Where it stands is asked for when something is wrong. */
export class XmlEvents {
  private readonly parser = new SaxesParser({
    xmlns: false,
    position: false,
    forceXMLVersion: true,
    defaultXMLVersion: '1.0',
  });
  private positionOf = (index: number): number => index;
  private length = 0;

  /** Where in the document reading stands, in characters. */
  get position(): number {
    return Math.min(this.positionOf(this.parser.position), this.length);
  }

  /**
   * Reads a whole document. Comments and processing instructions are passed over; a document type is refused, and with
   * it every entity but the five of XML itself.
   * https://www.w3.org/TR/xml/
   *
   * @param checkEncoding the document came as bytes, so the encoding that it declares has to be the one it was read in
   * @throws XmlInvalid, and whatever `events` throws
   */
  read(document: string, events: ElementEvents, checkEncoding: boolean): void {
    const { text, unmark, positionOf } = markForbidden(document);
    this.positionOf = positionOf;
    this.length = document.length;
    const { parser } = this;
    let depth = 0;
    const onText = (piece: string): void => {
      // White space around the outermost element is no one's content.
      if (depth > 0) events.text(unmark(piece));
    };
    parser.ENTITIES = ENTITIES;
    // Six handlers: V8 makes a slow object of a parser that is given more.
    parser.on('xmldecl', ({ encoding }) => {
      const known = encoding === undefined || DECLARABLE.has(encoding.toLowerCase());
      if (checkEncoding && !known) throw new XmlInvalid('encoding', this.position);
    });
    parser.on('doctype', () => {
      throw new XmlInvalid('doctype', this.position);
    });
    parser.on('opentag', ({ name, attributes }) => {
      const [prefix, local] = this.split(name);
      depth++;
      events.open(prefix, local);
      for (const attribute in attributes) this.tell(attribute, unmark(attributes[attribute] ?? ''), events);
      events.opened();
    });
    parser.on('text', onText);
    parser.on('cdata', onText);
    parser.on('closetag', () => {
      depth--;
      events.close();
    });
    try {
      parser.write(text).close();
    } catch (error) {
      // The parser's own error is left behind: its text may quote the document.
      throw error instanceof OutboundError ? error : new XmlInvalid('syntax', this.position);
    }
  }

  private tell(name: string, value: string, events: ElementEvents): void {
    const [prefix, local] = this.split(name);
    if (prefix === 'xmlns') events.declare(local, value);
    else if (name === 'xmlns') events.declare('', value);
    else events.attribute(prefix, local, value);
  }

  /** A name's prefix and what follows it. */
  private split(name: string): readonly [string, string] {
    const colon = name.indexOf(':');
    if (colon === -1) return ['', name];
    if (colon === 0 || colon === name.length - 1 || name.includes(':', colon + 1)) {
      throw new XmlInvalid('syntax', this.position);
    }
    return [name.slice(0, colon), name.slice(colon + 1)];
  }
}

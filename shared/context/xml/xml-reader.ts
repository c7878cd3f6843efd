import { SaxesParser } from 'saxes';
import type { ElementEvents } from '../elements/element-events';
import { OutboundError } from '../../errors/errors';
import { XmlInvalid } from '../errors';
import { markForbidden } from './forbidden-references';
import { qualifiedName, type QualifiedName } from '../elements/qualified-name';

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
export class XmlReader {
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
    const attributes: { readonly name: string; readonly value: string }[] = [];
    let depth = 0;
    const onText = (piece: string): void => {
      // White space around the outermost element is no one's content.
      if (depth > 0) events.text(unmark(piece));
    };
    parser.ENTITIES = ENTITIES;
    // Six handlers: V8 makes a slow object of a parser that is given more. (Attributes are told faster than listed.)
    parser.on('doctype', () => {
      throw new XmlInvalid('doctype', this.position);
    });
    parser.on('attribute', (attribute) => {
      attributes.push(attribute);
    });
    parser.on('opentag', ({ name }) => {
      if (depth === 0 && checkEncoding) this.checkDeclared(parser.xmlDecl.encoding);
      const { prefix, local } = this.split(name);
      depth++;
      events.open(prefix, local);
      if (attributes.length > 0) {
        for (const attribute of attributes) this.tell(attribute.name, unmark(attribute.value), events);
        attributes.length = 0;
      }
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

  private checkDeclared(encoding: string | undefined): void {
    if (encoding !== undefined && !DECLARABLE.has(encoding.toLowerCase())) {
      throw new XmlInvalid('encoding', this.position);
    }
  }

  private tell(name: string, value: string, events: ElementEvents): void {
    const { prefix, local } = this.split(name);
    if (prefix === 'xmlns') events.declare(local, value);
    else if (name === 'xmlns') events.declare('', value);
    else events.attribute(prefix, local, value);
  }

  private split(text: string): QualifiedName {
    const name = qualifiedName(text);
    if (!name.isValid) throw new XmlInvalid('syntax', this.position);
    return name;
  }
}

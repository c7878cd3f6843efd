import type { QName, WireElement } from './element';
import type { ContentSource, ElementEvents } from './element-events';
import { BodyTooComplex } from '../errors';
import { NamespaceScope } from './namespace-scope';
import { INSTANCE, namespaceOf } from './namespaces';
import { qualifiedName } from './qualified-name';

/** What of names and content may be wrong however well the document is formed. */
export type ElementFault = 'prefix' | 'declaration' | 'attribute' | 'structure';

/** How much a document may hold. */
export interface TreeBounds {
  /** Elements inside each other. */
  readonly maxElementDepth: number;
  /** Elements and attributes together, in the whole document. */
  readonly maxNodes: number;
}

/** Attributes and declarations of one element: contexts have up to three. */
const MAX_ATTRIBUTES = 64;

const NO_BYTES: Uint8Array[] = [];

const base64Of = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

class Node implements WireElement {
  type: QName | null = null;
  nil = false;
  last: Node | null = null;
  previous: Node | null = null;
  private content: string | Uint8Array[] = '';
  /** Where the content is still to be had; null once it is made. */
  private source: ContentSource | null = null;
  private at = 0;

  constructor(
    readonly uri: string,
    readonly name: string,
  ) {}

  get text(): string {
    this.make();
    return typeof this.content === 'string' ? this.content : this.content.map(base64Of).join('');
  }

  get bytes(): readonly Uint8Array[] {
    this.make();
    return typeof this.content === 'string' ? NO_BYTES : this.content;
  }

  get children(): readonly Node[] {
    const children: Node[] = [];
    for (let child = this.last; child !== null; child = child.previous) children.push(child);
    return children.reverse();
  }

  /** More content: bytes stay bytes only among themselves. */
  add(piece: string | Uint8Array): void {
    this.make();
    if (typeof piece === 'string') {
      if (piece !== '') this.content = this.text + piece;
    } else if (typeof this.content !== 'string') this.content.push(piece);
    else if (this.content === '') this.content = [piece];
    else this.content += base64Of(piece);
  }

  /** More content, made when it is asked for if it is all there is. */
  addFrom(source: ContentSource, at: number): void {
    if (this.source !== null || this.content !== '') {
      this.add(source.contentAt(at));
      return;
    }
    this.source = source;
    this.at = at;
  }

  private make(): void {
    const { source } = this;
    if (source === null) return;
    this.source = null;
    this.add(source.contentAt(this.at));
  }
}

/** An attribute of `i:`, kept until the element's declarations are all known. */
interface PendingAttribute {
  readonly prefix: string;
  readonly name: string;
  readonly value: string;
}

const isTrue = (text: string): boolean => text === 'true' || text === '1';

/**
 * Builds the tree of a document out of what a reader meets. Only what a context can need is kept: of attributes, `i:type`
 * and `i:nil`. https://www.w3.org/TR/xmlschema-1/#xsi_type
 */
export class ElementTree implements ElementEvents {
  private readonly scope = new NamespaceScope();
  /** The elements around the one that is open. */
  private readonly around: Node[] = [];
  /** The element that is open; undefined outside of all. */
  private inside: Node | undefined;
  private pending: PendingAttribute[] = [];
  private prefix = '';
  private name = '';
  private attributes = 0;
  private nodes = 0;
  private depth = 0;
  private top: Node | undefined;

  /** @param fail makes the reader's own error of a fault, which says where it was met */
  constructor(
    private readonly bounds: TreeBounds,
    private readonly fail: (fault: ElementFault) => Error,
  ) {}

  /** The outermost element; asks for it when the document is read. */
  root(): WireElement {
    if (this.top === undefined || this.depth > 0) throw this.fail('structure');
    return this.top;
  }

  open(prefix: string, name: string): void {
    if (this.depth >= this.bounds.maxElementDepth) throw new BodyTooComplex('depth', this.bounds.maxElementDepth);
    if (this.depth === 0 && this.top !== undefined) throw this.fail('structure');
    this.count();
    this.prefix = prefix;
    this.name = name;
    this.attributes = 0;
    this.scope.enter();
  }

  declare(prefix: string, uri: string): void {
    this.countAttribute();
    if (!this.scope.declare(prefix, namespaceOf(uri))) throw this.fail('declaration');
  }

  attribute(prefix: string, name: string, value: string): void {
    this.countAttribute();
    // An attribute without a prefix is in no namespace, and none of those matters.
    if (prefix !== '') this.pending.push({ prefix, name, value });
  }

  opened(): void {
    const node = new Node(this.uriOf(this.prefix), this.name);
    if (this.pending.length > 0) this.takeAttributes(node);
    const parent = this.inside;
    if (parent === undefined) this.top = node;
    else {
      node.previous = parent.last;
      parent.last = node;
      this.around.push(parent);
    }
    this.inside = node;
    this.depth += 1;
  }

  text(piece: string): void {
    this.innermost().add(piece);
  }

  content(source: ContentSource, at: number): void {
    this.innermost().addFrom(source, at);
  }

  close(): void {
    this.innermost();
    this.inside = this.around.pop();
    this.depth -= 1;
    this.scope.leave();
  }

  /** The element that is open. */
  private innermost(): Node {
    if (this.inside === undefined) throw this.fail('structure');
    return this.inside;
  }

  private takeAttributes(node: Node): void {
    let typed = false;
    let nilled = false;
    for (const { prefix, name, value } of this.pending) {
      if (this.uriOf(prefix) !== INSTANCE) continue;
      if (name === 'type') {
        if (typed) throw this.fail('attribute');
        typed = true;
        node.type = this.typeOf(value.trim());
      } else if (name === 'nil') {
        if (nilled) throw this.fail('attribute');
        nilled = true;
        node.nil = isTrue(value.trim());
      }
    }
    this.pending = [];
  }

  private typeOf(text: string): QName {
    const { prefix, local } = qualifiedName(text);
    return { uri: this.uriOf(prefix), name: local };
  }

  private uriOf(prefix: string): string {
    const uri = this.scope.uriOf(prefix);
    if (uri === undefined) throw this.fail('prefix');
    return uri;
  }

  private countAttribute(): void {
    this.count();
    this.attributes += 1;
    if (this.attributes > MAX_ATTRIBUTES) throw new BodyTooComplex('attributes', MAX_ATTRIBUTES);
  }

  private count(): void {
    this.nodes += 1;
    if (this.nodes > this.bounds.maxNodes) throw new BodyTooComplex('nodes', this.bounds.maxNodes);
  }
}

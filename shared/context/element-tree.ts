import type { QName, WireElement } from './element';
import type { ElementEvents } from './element-events';
import { BodyTooComplex } from './errors';
import { NamespaceScope } from './namespace-scope';
import { INSTANCE } from './namespaces';

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

const NO_CHILDREN: Node[] = [];
const NO_BYTES: Uint8Array[] = [];

class Node implements WireElement {
  type: QName | null = null;
  nil = false;
  text = '';
  bytes = NO_BYTES;
  children = NO_CHILDREN;

  constructor(
    readonly uri: string,
    readonly name: string,
  ) {}
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
  private readonly open_: Node[] = [];
  private pending: PendingAttribute[] = [];
  private prefix = '';
  private name = '';
  private attributes = 0;
  private nodes = 0;
  private top: Node | undefined;

  /** @param fail makes the reader's own error of a fault, which says where it was met */
  constructor(
    private readonly bounds: TreeBounds,
    private readonly fail: (fault: ElementFault) => Error,
  ) {}

  /** The outermost element; asks for it when the document is read. */
  root(): WireElement {
    if (this.top === undefined || this.open_.length > 0) throw this.fail('structure');
    return this.top;
  }

  open(prefix: string, name: string): void {
    if (this.open_.length >= this.bounds.maxElementDepth) {
      throw new BodyTooComplex('depth', this.bounds.maxElementDepth);
    }
    if (this.open_.length === 0 && this.top !== undefined) throw this.fail('structure');
    this.count();
    this.prefix = prefix;
    this.name = name;
    this.attributes = 0;
    this.scope.enter();
  }

  declare(prefix: string, uri: string): void {
    this.countAttribute();
    if (!this.scope.declare(prefix, uri)) throw this.fail('declaration');
  }

  attribute(prefix: string, name: string, value: string): void {
    this.countAttribute();
    // An attribute without a prefix is in no namespace, and none of those matters.
    if (prefix !== '') this.pending.push({ prefix, name, value });
  }

  opened(): void {
    const node = new Node(this.uriOf(this.prefix), this.name);
    if (this.pending.length > 0) this.takeAttributes(node);
    const parent = this.open_.at(-1);
    if (parent === undefined) this.top = node;
    else if (parent.children === NO_CHILDREN) parent.children = [node];
    else parent.children.push(node);
    this.open_.push(node);
  }

  text(piece: string): void {
    const node = this.open_.at(-1);
    if (node === undefined) throw this.fail('structure');
    if (node.bytes.length === 0) {
      node.text += piece;
      return;
    }
    // Bytes that go on as text: from here on all of it is base64 text.
    node.text = node.bytes.map((bytes) => Buffer.from(bytes).toString('base64')).join('') + piece;
    node.bytes = NO_BYTES;
  }

  bytes(piece: Uint8Array): void {
    const node = this.open_.at(-1);
    if (node === undefined) throw this.fail('structure');
    if (node.text !== '') node.text += Buffer.from(piece).toString('base64');
    else if (node.bytes === NO_BYTES) node.bytes = [piece];
    else node.bytes.push(piece);
  }

  close(): void {
    if (this.open_.pop() === undefined) throw this.fail('structure');
    this.scope.leave();
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
    const colon = text.indexOf(':');
    if (colon === -1) return { uri: this.uriOf(''), name: text };
    return { uri: this.uriOf(text.slice(0, colon)), name: text.slice(colon + 1) };
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

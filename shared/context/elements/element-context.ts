import type { BodyForm, Context, Images, OwningExtension, Parameters } from '../context';
import type { WireElement } from './element';
import { memberOf, membersOf } from './element';
import { ElementReader, flagIn, idIn, integerIn, pairsIn, textIn } from './element-value';
import { ContextInvalid } from '../errors';
import { LazyMap } from '../json/lazy-map';
import { CONTRACTS } from './namespaces';
import type { ContextWire } from '../wire-context';
import { WireContext } from '../wire-context';
import type { OperationTime } from '../values/wire-date';
import { operationTimeOf } from '../values/wire-date';
import type { Place } from '../values/wire-value';
import { pathOf } from '../values/wire-value';

/** The place of a parent, however far up it is: it is for people. */
const PARENT: Place = { parent: null, name: 'ParentContext' };

const ROOT = 'RemoteExecutionContext';

/** What the contexts of one message share. */
interface Source {
  readonly reader: ElementReader;
  readonly maxDepth: number;
  readonly form: BodyForm;
}

/** The members of a context as elements. */
class ElementMembers implements ContextWire {
  readonly #members: ReadonlyMap<string, WireElement>;

  constructor(
    wire: WireElement,
    private readonly source: Source,
    /** Where this context stands in the message: null for the outermost. */
    private readonly place: Place | null,
    private readonly level: number,
  ) {
    this.#members = membersOf(wire);
  }

  get form(): BodyForm {
    return this.source.form;
  }

  at(member: string): string {
    return pathOf(this.place, member);
  }

  text(member: string): string {
    const text = textIn(this.member(member), this.place, member) ?? '';
    if (text === '') throw new ContextInvalid(this.at(member), 'a text that is not empty');
    return text;
  }

  textOrNull(member: string): string | null | undefined {
    const element = this.member(member);
    return element === undefined ? undefined : textIn(element, this.place, member);
  }

  integer(member: string): number {
    return integerIn(this.member(member), this.place, member);
  }

  integerOrNull(member: string): number | null {
    return this.isSent(member) ? this.integer(member) : null;
  }

  flagOrNull(member: string): boolean | null {
    return this.isSent(member) ? flagIn(this.member(member), this.place, member) : null;
  }

  id(member: string): string {
    return idIn(this.member(member), this.place, member);
  }

  idOrNull(member: string): string | null {
    return this.isSent(member) ? this.id(member) : null;
  }

  operationTime(asynchronous: boolean): OperationTime | undefined {
    const text = textIn(this.member('OperationCreatedOn'), this.place, 'OperationCreatedOn') ?? '';
    return operationTimeOf(text.trim(), asynchronous);
  }

  owner(): OwningExtension | null {
    const owner = this.member('OwningExtension');
    if (owner === undefined || owner.nil) return null;
    const place = { parent: this.place, name: 'OwningExtension' };
    return { stepId: idIn(memberOf(owner, 'Id'), place, 'Id'), name: textIn(memberOf(owner, 'Name'), place, 'Name') };
  }

  parameters(member: string): Parameters | null {
    const place = { parent: this.place, name: member };
    const pairs = pairsIn(this.member(member), place);
    if (pairs === null) return null;
    return new LazyMap(pairs, (element, name) => this.source.reader.parameter(element, { parent: place, name }));
  }

  images(member: string): Images | null {
    const place = { parent: this.place, name: member };
    const pairs = pairsIn(this.member(member), place);
    if (pairs === null) return null;
    return new LazyMap(pairs, (element, name) => this.source.reader.image(element, { parent: place, name }));
  }

  parent(): ContextWire | null {
    const parent = this.member('ParentContext');
    if (parent === undefined || parent.nil) return null;
    const { maxDepth } = this.source;
    if (this.level >= maxDepth) throw new ContextInvalid('ParentContext', `nested at most ${maxDepth} deep`);
    return new ElementMembers(parent, this.source, PARENT, this.level + 1);
  }

  private isSent(name: string): boolean {
    const element = this.member(name);
    return element !== undefined && !element.nil;
  }

  private member(name: string): WireElement | undefined {
    return this.#members.get(name);
  }
}

/**
 * A context over the elements of a message.
 *
 * @throws ContextInvalid when it is no context, or a member is missing or of another type
 */
export function contextOfElement(root: WireElement, maxDepth: number, form: BodyForm): Context {
  if (root.name !== ROOT || root.uri !== CONTRACTS || root.nil) {
    throw new ContextInvalid('The outermost element', `${ROOT} of ${CONTRACTS}`);
  }
  return new WireContext(new ElementMembers(root, { reader: new ElementReader(maxDepth), maxDepth, form }, null, 0));
}

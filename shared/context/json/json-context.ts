import type { BodyForm, Context, Images, OwningExtension, Parameters } from '../context';
import { ContextInvalid } from '../errors';
import type { Json, JsonObject } from '../../json/exact-json';
import { objectOf, parseValidExact, stringOf, takeDigits } from '../../json/exact-json';
import { LazyMap } from './lazy-map';
import type { ContextWire } from '../wire-context';
import { WireContext } from '../wire-context';
import type { OperationTime } from '../values/wire-date';
import { operationTimeOf } from '../values/wire-date';
import type { Place } from '../values/wire-value';
import { flag, idText, pairsOf, pathOf, textOrNull, WireReader } from '../values/wire-value';

/** The place of a parent, however far up it is: it is for people. */
const PARENT: Place = { parent: null, name: 'ParentContext' };

/** What the contexts of one message share. */
interface Source {
  readonly reader: WireReader;
  readonly maxDepth: number;
  readonly form: BodyForm;
}

/** The members of a context in its JSON form. */
class JsonMembers implements ContextWire {
  constructor(
    private readonly wire: JsonObject,
    private readonly source: Source,
    /** Where this context stands in the message: null for the outermost. */
    private readonly place: Place | null,
    private readonly level: number,
  ) {}

  get form(): BodyForm {
    return this.source.form;
  }

  at(member: string): string {
    return pathOf(this.place, member);
  }

  text(member: string): string {
    const text = stringOf(this.wire[member]);
    if (text === undefined || text === '') throw new ContextInvalid(this.at(member), 'a text that is not empty');
    return text;
  }

  textOrNull(member: string): string | null | undefined {
    const json = this.wire[member];
    return json === undefined ? undefined : textOrNull(json, this.place, member);
  }

  integer(member: string): number {
    const json = this.wire[member];
    if (typeof json === 'number' && Number.isSafeInteger(json)) return json;
    throw new ContextInvalid(this.at(member), 'a whole number');
  }

  integerOrNull(member: string): number | null {
    return this.wire[member] == null ? null : this.integer(member);
  }

  flagOrNull(member: string): boolean | null {
    return this.wire[member] == null ? null : flag(this.wire[member], this.place, member);
  }

  id(member: string): string {
    return idText(this.wire[member], this.place, member);
  }

  idOrNull(member: string): string | null {
    return this.wire[member] == null ? null : this.id(member);
  }

  operationTime(asynchronous: boolean): OperationTime | undefined {
    return operationTimeOf(stringOf(this.wire.OperationCreatedOn) ?? '', asynchronous);
  }

  owner(): OwningExtension | null {
    const json = this.wire.OwningExtension ?? null;
    if (json === null) return null;
    const owner = objectOf(json);
    if (owner === undefined) throw new ContextInvalid(this.at('OwningExtension'), 'a reference or null');
    const place = { parent: this.place, name: 'OwningExtension' };
    return { stepId: idText(owner.Id, place, 'Id'), name: textOrNull(owner.Name, place, 'Name') };
  }

  parameters(member: string): Parameters | null {
    const place = { parent: this.place, name: member };
    const pairs = pairsOf(this.wire[member], place);
    if (pairs === null) return null;
    return new LazyMap(pairs, (json, name) => this.source.reader.parameter(json, place, name));
  }

  images(member: string): Images | null {
    const place = { parent: this.place, name: member };
    const pairs = pairsOf(this.wire[member], place);
    if (pairs === null) return null;
    return new LazyMap(pairs, (json, name) => this.source.reader.image(json, place, name));
  }

  parent(): ContextWire | null {
    const json = this.wire.ParentContext ?? null;
    if (json === null) return null;
    const wire = objectOf(json);
    if (wire === undefined) throw new ContextInvalid(this.at('ParentContext'), 'a context or null');
    const { maxDepth } = this.source;
    if (this.level >= maxDepth) throw new ContextInvalid('ParentContext', `nested at most ${maxDepth} deep`);
    return new JsonMembers(wire, this.source, PARENT, this.level + 1);
  }
}

/**
 * A context over the parsed JSON of a message.
 *
 * @param root the message as `parseExact` gave it
 * @param text the message's text
 * @throws ContextInvalid when it is no context, or a member is missing or of another type
 */
export function contextOfJson(root: Json, text: string, maxDepth: number, form: BodyForm): Context {
  const wire = objectOf(root);
  if (wire === undefined) throw new ContextInvalid('The body', 'a JSON object');
  let allExact = false;
  const makeAllExact = (): void => {
    if (allExact) return;
    allExact = true;
    takeDigits(root, parseValidExact(text));
  };
  return new WireContext(
    new JsonMembers(wire, { reader: new WireReader(maxDepth, makeAllExact), maxDepth, form }, null, 0),
  );
}

import type { Context, Images, Mode, OwningExtension, Parameters } from './context';
import { ContextInvalid } from './errors';
import type { Json, JsonObject } from '../json/exact-json';
import { objectOf, parseAllExact, stringOf, takeDigits } from '../json/exact-json';
import { LazyMap } from './lazy-map';
import { operationTimeOf } from './wire-date';
import type { Place } from './wire-value';
import { flag, idText, pairsOf, pathOf, textOrNull, WireReader } from './wire-value';

/** The place of a parent, however far up it is: it is for people. */
const PARENT: Place = { parent: null, name: 'ParentContext' };

/** What the contexts of one message share. */
interface Source {
  readonly reader: WireReader;
  readonly maxDepth: number;
}

/** `Mode` of a step. https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/sdkmessageprocessingstep */
const MODES: readonly (Mode | undefined)[] = ['sync', 'async'];

/**
 * The JSON form of a context. Its scalars are read at once; parameters, images and the parent when they are asked for.
 *
 * Members are those of the platform's RemoteExecutionContext; ones that are not known are ignored, since new versions
 * add some.
 * https://learn.microsoft.com/dotnet/api/microsoft.xrm.sdk.remoteexecutioncontext
 */
class JsonContext implements Context {
  readonly message: string;
  readonly stage: number;
  readonly mode: Mode;
  readonly depth: number;
  readonly table: string;
  readonly rowId: string;
  readonly secondaryTable: string | null;
  readonly correlationId: string;
  readonly operationId: string;
  readonly requestId: string | null;
  readonly operationCreatedOn: number;
  readonly operationCreatedOnOffset: number | null;
  readonly userId: string;
  readonly initiatingUserId: string;
  readonly businessUnitId: string;
  readonly organizationId: string;
  readonly organizationName: string | null;
  readonly initiatingUserAgent?: string | null;
  readonly userEntraId?: string;
  readonly initiatingUserEntraId?: string;
  readonly isInTransaction: boolean;
  readonly isExecutingOffline: boolean;
  readonly isOfflinePlayback: boolean;
  readonly isolationMode: number;
  readonly owningExtension: OwningExtension | null;

  private readonly kept = new Map<string, Parameters | Images | Context | null>();

  constructor(
    private readonly wire: JsonObject,
    private readonly source: Source,
    /** Where this context stands in the message: null for the outermost. */
    private readonly place: Place | null,
    private readonly level: number,
  ) {
    this.message = this.text('MessageName');
    this.stage = this.integer('Stage');
    const mode = MODES[this.integer('Mode')];
    if (mode === undefined) throw new ContextInvalid(this.at('Mode'), '0 or 1');
    this.mode = mode;
    this.depth = this.integer('Depth');
    this.table = this.text('PrimaryEntityName');
    this.rowId = idText(wire.PrimaryEntityId, place, 'PrimaryEntityId');
    this.secondaryTable = textOrNull(wire.SecondaryEntityName, place, 'SecondaryEntityName');
    this.correlationId = idText(wire.CorrelationId, place, 'CorrelationId');
    this.operationId = idText(wire.OperationId, place, 'OperationId');
    this.requestId = wire.RequestId == null ? null : idText(wire.RequestId, place, 'RequestId');
    const created = operationTimeOf(stringOf(wire.OperationCreatedOn) ?? '', mode === 'async');
    if (created === undefined) throw new ContextInvalid(this.at('OperationCreatedOn'), 'a date');
    this.operationCreatedOn = created.epochMs;
    this.operationCreatedOnOffset = created.offsetMinutes;
    this.userId = idText(wire.UserId, place, 'UserId');
    this.initiatingUserId = idText(wire.InitiatingUserId, place, 'InitiatingUserId');
    this.businessUnitId = idText(wire.BusinessUnitId, place, 'BusinessUnitId');
    this.organizationId = idText(wire.OrganizationId, place, 'OrganizationId');
    this.organizationName = textOrNull(wire.OrganizationName, place, 'OrganizationName');
    if (wire.InitiatingUserAgent !== undefined) {
      this.initiatingUserAgent = textOrNull(wire.InitiatingUserAgent, place, 'InitiatingUserAgent');
    }
    if (wire.UserAzureActiveDirectoryObjectId != null) {
      this.userEntraId = idText(wire.UserAzureActiveDirectoryObjectId, place, 'UserAzureActiveDirectoryObjectId');
    }
    if (wire.InitiatingUserAzureActiveDirectoryObjectId != null) {
      this.initiatingUserEntraId = idText(
        wire.InitiatingUserAzureActiveDirectoryObjectId,
        place,
        'InitiatingUserAzureActiveDirectoryObjectId',
      );
    }
    this.isInTransaction = flag(wire.IsInTransaction, place, 'IsInTransaction');
    this.isExecutingOffline = flag(wire.IsExecutingOffline, place, 'IsExecutingOffline');
    this.isOfflinePlayback = flag(wire.IsOfflinePlayback, place, 'IsOfflinePlayback');
    this.isolationMode = this.integer('IsolationMode');
    this.owningExtension = this.owner();
  }

  get inputParameters(): Parameters | null {
    return this.keep('InputParameters', (member) => this.parameters(member));
  }

  get outputParameters(): Parameters | null {
    return this.keep('OutputParameters', (member) => this.parameters(member));
  }

  get sharedVariables(): Parameters | null {
    return this.keep('SharedVariables', (member) => this.parameters(member));
  }

  get preImages(): Images | null {
    return this.keep('PreEntityImages', (member) => this.images(member));
  }

  get postImages(): Images | null {
    return this.keep('PostEntityImages', (member) => this.images(member));
  }

  get parent(): Context | null {
    return this.keep('ParentContext', (member) => {
      const json = this.wire[member] ?? null;
      if (json === null) return null;
      const wire = objectOf(json);
      if (wire === undefined) throw new ContextInvalid(this.at(member), 'a context or null');
      const { maxDepth } = this.source;
      if (this.level >= maxDepth) throw new ContextInvalid('ParentContext', `nested at most ${maxDepth} deep`);
      return new JsonContext(wire, this.source, PARENT, this.level + 1);
    });
  }

  private parameters(member: string): Parameters | null {
    const place = { parent: this.place, name: member };
    const pairs = pairsOf(this.wire[member], place);
    if (pairs === null) return null;
    return new LazyMap(pairs, (json, name) => this.source.reader.parameter(json, { parent: place, name }));
  }

  private images(member: string): Images | null {
    const place = { parent: this.place, name: member };
    const pairs = pairsOf(this.wire[member], place);
    if (pairs === null) return null;
    return new LazyMap(pairs, (json, name) => this.source.reader.image(json, { parent: place, name }));
  }

  private keep<T extends Parameters | Images | Context | null>(member: string, make: (member: string) => T): T {
    const known = this.kept.get(member);
    if (known !== undefined) return known as T;
    const made = make(member);
    this.kept.set(member, made);
    return made;
  }

  private owner(): OwningExtension | null {
    const json = this.wire.OwningExtension ?? null;
    if (json === null) return null;
    const owner = objectOf(json);
    if (owner === undefined) throw new ContextInvalid(this.at('OwningExtension'), 'a reference or null');
    const place = { parent: this.place, name: 'OwningExtension' };
    return { stepId: idText(owner.Id, place, 'Id'), name: textOrNull(owner.Name, place, 'Name') };
  }

  private text(member: string): string {
    const text = stringOf(this.wire[member]);
    if (text === undefined || text === '') throw new ContextInvalid(this.at(member), 'a text that is not empty');
    return text;
  }

  private integer(member: string): number {
    const json = this.wire[member];
    if (typeof json === 'number' && Number.isSafeInteger(json)) return json;
    throw new ContextInvalid(this.at(member), 'a whole number');
  }

  private at(member: string): string {
    return pathOf(this.place, member);
  }
}

/**
 * A context over the parsed JSON of a message.
 *
 * @param root the message as `parseExact` gave it
 * @param text the message's text
 * @throws ContextInvalid when it is no context, or a member is missing or of another type
 */
export function contextOfJson(root: Json, text: string, maxDepth: number): Context {
  const wire = objectOf(root);
  if (wire === undefined) throw new ContextInvalid('The body', 'a JSON object');
  let allExact = false;
  const makeAllExact = (): void => {
    if (allExact) return;
    allExact = true;
    takeDigits(root, parseAllExact(text));
  };
  return new JsonContext(wire, { reader: new WireReader(maxDepth, makeAllExact), maxDepth }, null, 0);
}

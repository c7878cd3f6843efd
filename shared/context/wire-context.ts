import type { BodyForm, Context, Images, Mode, OwningExtension, Parameters } from './context';
import { LazyMap } from './values/lazy-map';
import { refuse, type Place, type ValueReader } from './values/value-reader';
import { operationTimeOf } from './values/wire-date';

/** `Mode` of a step. https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/sdkmessageprocessingstep */
const MODES: readonly (Mode | undefined)[] = ['sync', 'async'];

/** The place of a parent, however far up it is: it is for people. */
const PARENT: Place = { parent: null, name: 'ParentContext' };

/**
 * A context over the members of the platform's RemoteExecutionContext, in whatever form they came. Its scalars are read at
 * once; parameters, images and the parent when they are asked for. Members that are not known are ignored, since new versions
 * add some; those that nothing is decided by may be missing.
 * https://learn.microsoft.com/dotnet/api/microsoft.xrm.sdk.remoteexecutioncontext
 */
export class WireContext<N> implements Context {
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
  readonly businessUnitId: string | null;
  readonly organizationId: string;
  readonly organizationName: string | null;
  readonly initiatingUserAgent?: string | null;
  readonly userEntraId?: string;
  readonly initiatingUserEntraId?: string;
  readonly isInTransaction: boolean | null;
  readonly isExecutingOffline: boolean | null;
  readonly isOfflinePlayback: boolean | null;
  readonly isolationMode: number | null;
  readonly owningExtension: OwningExtension | null;

  private readonly kept = new Map<string, Parameters | Images | Context | null>();

  private readonly member: (name: string) => N | undefined;

  /**
   * @param place where it stands in the message: null for the outermost
   * @throws ContextInvalid for a scalar that is missing or of another type
   */
  constructor(
    private readonly reader: ValueReader<N>,
    wire: N,
    readonly form: BodyForm,
    private readonly place: Place | null = null,
    private readonly level = 0,
  ) {
    this.member = reader.membersOf(wire);
    this.message = this.text('MessageName');
    this.stage = this.integer('Stage');
    this.mode = MODES[this.integer('Mode')] ?? refuse('0 or 1', place, 'Mode');
    this.depth = this.integer('Depth');
    this.table = this.text('PrimaryEntityName');
    this.rowId = this.id('PrimaryEntityId');
    this.secondaryTable = this.textOrNull('SecondaryEntityName');
    this.correlationId = this.id('CorrelationId');
    this.operationId = this.id('OperationId');
    this.requestId = this.idOrNull('RequestId');
    const createdOn = (reader.text(this.member('OperationCreatedOn')) ?? '').trim();
    const created = operationTimeOf(createdOn, this.mode === 'async') ?? refuse('a date', place, 'OperationCreatedOn');
    this.operationCreatedOn = created.epochMs;
    this.operationCreatedOnOffset = created.offsetMinutes;
    this.userId = this.id('UserId');
    this.initiatingUserId = this.id('InitiatingUserId');
    this.businessUnitId = this.idOrNull('BusinessUnitId');
    this.organizationId = this.id('OrganizationId');
    this.organizationName = this.textOrNull('OrganizationName');
    if (this.member('InitiatingUserAgent') !== undefined)
      this.initiatingUserAgent = this.textOrNull('InitiatingUserAgent');
    const userEntraId = this.idOrNull('UserAzureActiveDirectoryObjectId');
    if (userEntraId !== null) this.userEntraId = userEntraId;
    const initiatingUserEntraId = this.idOrNull('InitiatingUserAzureActiveDirectoryObjectId');
    if (initiatingUserEntraId !== null) this.initiatingUserEntraId = initiatingUserEntraId;
    this.isInTransaction = this.flagOrNull('IsInTransaction');
    this.isExecutingOffline = this.flagOrNull('IsExecutingOffline');
    this.isOfflinePlayback = this.flagOrNull('IsOfflinePlayback');
    this.isolationMode = reader.isNothing(this.member('IsolationMode')) ? null : this.integer('IsolationMode');
    this.owningExtension = this.owner();
  }

  get inputParameters(): Parameters | null {
    return this.once('InputParameters', (member) => this.parameters(member));
  }

  get outputParameters(): Parameters | null {
    return this.once('OutputParameters', (member) => this.parameters(member));
  }

  get sharedVariables(): Parameters | null {
    return this.once('SharedVariables', (member) => this.parameters(member));
  }

  get preImages(): Images | null {
    return this.once('PreEntityImages', (member) => this.images(member));
  }

  get postImages(): Images | null {
    return this.once('PostEntityImages', (member) => this.images(member));
  }

  get parent(): Context | null {
    return this.once('ParentContext', (member) => {
      const { reader, place, level, form } = this;
      const parent = this.member(member);
      if (reader.isNothing(parent)) return null;
      if (!reader.isObject(parent)) return refuse('a context or null', place, member);
      if (level >= reader.maxDepth) return refuse(`nested at most ${reader.maxDepth} deep`, null, member);
      return new WireContext(reader, parent, form, PARENT, level + 1);
    });
  }

  private once<T extends Parameters | Images | Context | null>(member: string, make: (member: string) => T): T {
    const known = this.kept.get(member);
    if (known !== undefined) return known as T;
    const made = make(member);
    this.kept.set(member, made);
    return made;
  }

  private parameters(member: string): Parameters | null {
    const place = { parent: this.place, name: member };
    const pairs = this.reader.pairsAt(this.member(member), place);
    return pairs === null ? null : new LazyMap(pairs, (node, name) => this.reader.parameter(node, place, name));
  }

  private images(member: string): Images | null {
    const place = { parent: this.place, name: member };
    const pairs = this.reader.pairsAt(this.member(member), place);
    return pairs === null ? null : new LazyMap(pairs, (node, name) => this.reader.image(node, place, name));
  }

  private owner(): OwningExtension | null {
    const owner = this.member('OwningExtension');
    if (this.reader.isNothing(owner)) return null;
    if (!this.reader.isObject(owner)) return refuse('a reference or null', this.place, 'OwningExtension');
    const place = { parent: this.place, name: 'OwningExtension' };
    return {
      stepId: this.reader.idAt(this.reader.member(owner, 'Id'), place, 'Id'),
      name: this.reader.textAt(this.reader.member(owner, 'Name'), place, 'Name'),
    };
  }

  private text(member: string): string {
    const text = this.reader.text(this.member(member)) ?? '';
    return text === '' ? refuse('a text that is not empty', this.place, member) : text;
  }

  private textOrNull(member: string): string | null {
    return this.reader.textAt(this.member(member), this.place, member);
  }

  private integer(member: string): number {
    return this.reader.wholeAt(this.member(member), this.place, member);
  }

  private flagOrNull(member: string): boolean | null {
    const flag = this.member(member);
    return this.reader.isNothing(flag) ? null : this.reader.flagAt(flag, this.place, member);
  }

  private id(member: string): string {
    return this.reader.idAt(this.member(member), this.place, member);
  }

  private idOrNull(member: string): string | null {
    return this.reader.isNothing(this.member(member)) ? null : this.id(member);
  }
}

import type { BodyForm, Context, Images, Mode, OwningExtension, Parameters } from './context';
import { ContextInvalid } from './errors';
import type { OperationTime } from './values/wire-date';

/** `Mode` of a step. https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/sdkmessageprocessingstep */
const MODES: readonly (Mode | undefined)[] = ['sync', 'async'];

/**
 * The members of one context on the wire, by the names of the platform's RemoteExecutionContext. Each throws
 * ContextInvalid for a member that is not what it should be.
 * https://learn.microsoft.com/dotnet/api/microsoft.xrm.sdk.remoteexecutioncontext
 */
export interface ContextWire {
  readonly form: BodyForm;
  /** The member's path, for errors. */
  at(member: string): string;
  /** A text that is there and not empty. */
  text(member: string): string;
  /** Undefined when it was not sent. */
  textOrNull(member: string): string | null | undefined;
  integer(member: string): number;
  /** These three are null when they were not sent. */
  integerOrNull(member: string): number | null;
  flagOrNull(member: string): boolean | null;
  idOrNull(member: string): string | null;
  id(member: string): string;
  /** OperationCreatedOn; undefined when it is no date. */
  operationTime(asynchronous: boolean): OperationTime | undefined;
  owner(): OwningExtension | null;
  parameters(member: string): Parameters | null;
  images(member: string): Images | null;
  parent(): ContextWire | null;
}

/**
 * A context over its members on the wire. Its scalars are read at once; parameters, images and the parent when they are
 * asked for. Members that are not known are ignored, since new versions add some; those that nothing is decided by may be
 * missing.
 */
export class WireContext implements Context {
  readonly form: BodyForm;
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

  constructor(private readonly wire: ContextWire) {
    this.form = wire.form;
    this.message = wire.text('MessageName');
    this.stage = wire.integer('Stage');
    const mode = MODES[wire.integer('Mode')];
    if (mode === undefined) throw new ContextInvalid(wire.at('Mode'), '0 or 1');
    this.mode = mode;
    this.depth = wire.integer('Depth');
    this.table = wire.text('PrimaryEntityName');
    this.rowId = wire.id('PrimaryEntityId');
    this.secondaryTable = wire.textOrNull('SecondaryEntityName') ?? null;
    this.correlationId = wire.id('CorrelationId');
    this.operationId = wire.id('OperationId');
    this.requestId = wire.idOrNull('RequestId');
    const created = wire.operationTime(mode === 'async');
    if (created === undefined) throw new ContextInvalid(wire.at('OperationCreatedOn'), 'a date');
    this.operationCreatedOn = created.epochMs;
    this.operationCreatedOnOffset = created.offsetMinutes;
    this.userId = wire.id('UserId');
    this.initiatingUserId = wire.id('InitiatingUserId');
    this.businessUnitId = wire.idOrNull('BusinessUnitId');
    this.organizationId = wire.id('OrganizationId');
    this.organizationName = wire.textOrNull('OrganizationName') ?? null;
    const agent = wire.textOrNull('InitiatingUserAgent');
    if (agent !== undefined) this.initiatingUserAgent = agent;
    const userEntraId = wire.idOrNull('UserAzureActiveDirectoryObjectId');
    if (userEntraId !== null) this.userEntraId = userEntraId;
    const initiatingUserEntraId = wire.idOrNull('InitiatingUserAzureActiveDirectoryObjectId');
    if (initiatingUserEntraId !== null) this.initiatingUserEntraId = initiatingUserEntraId;
    this.isInTransaction = wire.flagOrNull('IsInTransaction');
    this.isExecutingOffline = wire.flagOrNull('IsExecutingOffline');
    this.isOfflinePlayback = wire.flagOrNull('IsOfflinePlayback');
    this.isolationMode = wire.integerOrNull('IsolationMode');
    this.owningExtension = wire.owner();
  }

  get inputParameters(): Parameters | null {
    return this.keep('InputParameters', (member) => this.wire.parameters(member));
  }

  get outputParameters(): Parameters | null {
    return this.keep('OutputParameters', (member) => this.wire.parameters(member));
  }

  get sharedVariables(): Parameters | null {
    return this.keep('SharedVariables', (member) => this.wire.parameters(member));
  }

  get preImages(): Images | null {
    return this.keep('PreEntityImages', (member) => this.wire.images(member));
  }

  get postImages(): Images | null {
    return this.keep('PostEntityImages', (member) => this.wire.images(member));
  }

  get parent(): Context | null {
    return this.keep('ParentContext', () => {
      const parent = this.wire.parent();
      return parent === null ? null : new WireContext(parent);
    });
  }

  private keep<T extends Parameters | Images | Context | null>(member: string, make: (member: string) => T): T {
    const known = this.kept.get(member);
    if (known !== undefined) return known as T;
    const made = make(member);
    this.kept.set(member, made);
    return made;
  }
}

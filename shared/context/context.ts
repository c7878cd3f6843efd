import type { RowContent, Value } from '../change/value';
import type { ContextFormat } from './format';

/** Parameters and shared variables: by name, in the order they were sent. */
export type Parameters = ReadonlyMap<string, Value>;

/** Images of the row as registered with the step: by alias, in the order they were sent. */
export type Images = ReadonlyMap<string, RowContent>;

/** Whether the step ran inside the request (`sync`) or as a system job after its transaction (`async`). */
export type Mode = 'sync' | 'async';

/** The step, or other component, that sent the event. */
export interface OwningExtension {
  /** Id of the step; lower case. */
  readonly stepId: string;
  /** Name of the step: sent by synchronous steps only. */
  readonly name: string | null;
}

/** What a context was read from: for logs and operators. */
export interface BodyForm {
  readonly format: ContextFormat;
  /** The format of the envelope that the context was text inside of; null nearly always. */
  readonly envelope: Exclude<ContextFormat, 'json'> | null;
}

/**
 * An execution context as Dataverse pushes it, whatever format it came in.
 *
 * Ids are in lower case without braces. What is large is turned into values only when it is asked for: reading
 * `inputParameters`, `outputParameters`, `sharedVariables`, an image or `parent` may throw ContextInvalid for a fault
 * inside that part. In the binary form texts are made of the body's bytes then, so the body must stay as it is.
 *
 * https://learn.microsoft.com/power-apps/developer/data-platform/understand-the-data-context
 */
export interface Context {
  readonly form: BodyForm;
  /** Create, Update, Delete, Associate, …, or the name of a custom API. */
  readonly message: string;
  /** 10 before validation, 20 before, 30 the operation itself, 40 after. */
  readonly stage: number;
  readonly mode: Mode;
  /** 1 for what a user or client asked for, more for what other steps did because of it. */
  readonly depth: number;
  /** The table's logical name; `none` where a message is of no table. */
  readonly table: string;
  /** The row's id as sent; a GUID is in lower case, all zeros where a message is of no row. */
  readonly rowId: string;
  /** `none` nearly always. */
  readonly secondaryTable: string | null;
  readonly correlationId: string;
  /** The system job for `async`, the request for `sync`. Several events of one request can share it. */
  readonly operationId: string;
  readonly requestId: string | null;
  /** When the operation was created: the true instant, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly operationCreatedOn: number;
  /** The offset that came with `operationCreatedOn`, in minutes; null where none was sent. See `trueInstant`. */
  readonly operationCreatedOnOffset: number | null;
  /** On whose behalf the operation ran. */
  readonly userId: string;
  /** Who started it. */
  readonly initiatingUserId: string;
  /** Null where it was not sent: nothing is decided by it, nor by `is…` and `isolationMode`. */
  readonly businessUnitId: string | null;
  readonly organizationId: string;
  /** The unique name of the organisation's database, not its URL. */
  readonly organizationName: string | null;
  /** Not sent by older versions. */
  readonly initiatingUserAgent?: string | null;
  /** Microsoft Entra object id of the user; not sent by older versions. */
  readonly userEntraId?: string;
  /** Microsoft Entra object id of the initiating user; not sent by older versions. */
  readonly initiatingUserEntraId?: string;
  readonly isInTransaction: boolean | null;
  readonly isExecutingOffline: boolean | null;
  readonly isOfflinePlayback: boolean | null;
  /** 1 none, 2 sandbox. */
  readonly isolationMode: number | null;
  readonly owningExtension: OwningExtension | null;
  /** Null when removed: a message over its size limit arrives without them. */
  readonly inputParameters: Parameters | null;
  readonly outputParameters: Parameters | null;
  readonly sharedVariables: Parameters | null;
  /** The row before the operation. Null when removed. */
  readonly preImages: Images | null;
  /** The row after the operation. Null when removed. */
  readonly postImages: Images | null;
  /** The pipeline stage or operation that this one ran in. Its content is not to be relied on. */
  readonly parent: Context | null;
}

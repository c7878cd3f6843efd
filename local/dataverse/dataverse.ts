import type { AlternateKeyDefinition, KeyIndexStatus } from './metadata/alternate-keys';
import type { Permissions } from './web-api/callers';
import type { AfterLookUp } from './web-api/key-look-ups';
import type { PlugIn } from './operations/plug-ins';
import type { WriteFault, WriteFaultOptions } from './operations/write-faults';
import type { ApiValues } from './web-api/action-parameters';
import type { AssociationOptions } from './operations/associations';
import type { Upserted } from './operations/row-operations';
import type { CustomApiDefinition } from './operations/custom-apis';
import type { ErrorForm } from './dataverse-error';
import type { SeededUser } from './organization';
import type { Parameter } from './events/event';
import type { EndpointRegistration, StepRegistration } from './registration/registration-rows';
import type { ManyToManyDefinition } from './metadata/relationship';
import type { MergeOptions, SetStateOptions } from './operations/assign-state-merge';
import type { Commit, Row } from './rows/row-store';
import type { ServiceProtectionLimits } from './web-api/service-protection';
import type { Disturbances, JobSettings, PushCounters, SystemJob } from './events/system-jobs';
import type { ColumnDefinition, Table, TableDefinition } from './metadata/table';
import type { OperationOptions } from './operations/transactions';
import type { ColumnInputs, Reference } from './rows/value';
import type { Fault, Interceptor, RequestCounters } from './web-api/web-server';

/** How a simulator is started. */
export interface DataverseOptions {
  /** @default 0, a free one */
  readonly port?: number;
  /** @default 127.0.0.1 */
  readonly host?: string;
  /** @default account, contact, lead, opportunity, incident, new_shipment, new_note */
  readonly tables?: readonly TableDefinition[];
  /** @default accountleads_association and new_contact_contact, where their tables are */
  readonly relationships?: readonly ManyToManyDefinition[];
  /** Ids, delays and disturbances repeat for the same seed. @default 1 */
  readonly seed?: number;
  /** @default 5000 */
  readonly maxPageSize?: number;
  /** The organisation's clock, milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** @default the documented limits */
  readonly limits?: ServiceProtectionLimits | 'off';
  /** @default 3599 */
  readonly tokenLifetimeSeconds?: number;
  /** Age at which delta tokens expire. @default 7 */
  readonly changeTrackingExpiryDays?: number;
  /** Every Web API request takes at least this long. @default 0 */
  readonly latencyMs?: number;
  /** @default 60000 */
  readonly webhookTimeoutMs?: number;
  readonly organization?: { readonly id?: string; readonly name?: string; readonly host?: string };
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** PEM certificate of the application, for client assertions. */
  readonly clientCertificate?: string;
  /** Further applications, each with a user of its own. @default none */
  readonly applications?: readonly FurtherApplication[];
  /** Where the server's certificate is written. @default a new temporary directory, removed at close */
  readonly certificateDirectory?: string;
  readonly jobs?: Partial<JobSettings>;
  /** Wording of 404 and 412. @default documented */
  readonly errorForm?: ErrorForm;
  /** Contexts with InitiatingUserAgent and AzureActiveDirectoryObjectIds, as newer ones have. @default true */
  readonly identityMembers?: boolean;
  /** How oversize contexts lack their members. @default absent */
  readonly oversizeForm?: 'absent' | 'null' | 'empty';
  /** The users' zone, for formatted values in images. @default 0 */
  readonly utcOffsetMinutes?: number;
}

/** An application beside the first one. */
export interface FurtherApplication {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Of its user. */
  readonly name: string;
  /** PEM certificate of the application, for client assertions. */
  readonly certificate?: string | undefined;
}

/** Everything that was counted. */
export interface DataverseStats extends PushCounters {
  readonly webApi: Readonly<RequestCounters>;
  readonly openJobs: number;
}

/** A running simulator. */
export interface Dataverse {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** `https://127.0.0.1:PORT/`: authority for `@azure/identity`, with `disableInstanceDiscovery`. */
  readonly authorityHost: string;
  /** PEM file for NODE_EXTRA_CA_CERTS. */
  readonly certificatePath: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly organizationId: string;
  readonly organizationName: string;
  /** What `x-ms-dynamics-organization` says. */
  readonly organizationHost: string;
  /** The people who can act; the first is who acts unless told otherwise. */
  readonly users: readonly SeededUser[];
  /** Team that can own rows. */
  readonly teamId: string;
  /** The application user: the caller of the Web API. */
  readonly applicationUserId: string;
  /** systemuserid of all application users by client id. */
  readonly applicationUsers: ReadonlyMap<string, string>;
  /** The tables with all their columns, as they are now. */
  readonly tables: readonly Table[];

  /** Creates a row in one transaction that raises its events; returns the id. */
  create(table: string, columns: ColumnInputs, options?: OperationOptions): Promise<string>;
  /** Changes columns of a row; rejects when it does not exist. */
  update(table: string, id: string, columns: ColumnInputs, options?: OperationOptions): Promise<void>;
  /** Deletes a row; rejects when it does not exist. */
  delete(table: string, id: string, options?: OperationOptions): Promise<void>;
  /** Creates the row when it does not exist, else changes it; raises Upsert beside Create or Update. */
  upsert(
    table: string,
    id: string,
    columns: ColumnInputs,
    options?: OperationOptions,
  ): Promise<{ readonly created: boolean }>;
  /** Creates rows in one transaction; returns their ids. Create is raised for each, then CreateMultiple. */
  createMultiple(table: string, rows: readonly ColumnInputs[], options?: OperationOptions): Promise<readonly string[]>;
  /** Changes rows, each with its primary id among its columns. */
  updateMultiple(table: string, rows: readonly ColumnInputs[], options?: OperationOptions): Promise<void>;
  /** Creates or changes rows, as they exist or not. */
  upsertMultiple(
    table: string,
    rows: readonly ColumnInputs[],
    options?: OperationOptions,
  ): Promise<readonly Upserted[]>;
  /** Deletes rows. */
  deleteMultiple(table: string, ids: readonly string[], options?: OperationOptions): Promise<void>;
  /** Gives a row another owner, a user or a team; raises Assign. */
  assign(table: string, id: string, owner: Reference, options?: OperationOptions): Promise<void>;
  /** Sets state and status reason (the state's first one without); raises SetState or SetStateDynamicEntity. */
  setState(table: string, id: string, state: number, status?: number, options?: SetStateOptions): Promise<void>;
  /** Merges the subordinate into the target; raises an Update of each, one level deeper, and Merge. */
  merge(
    table: string,
    target: string,
    subordinate: string,
    updateContent: ColumnInputs,
    options?: MergeOptions,
  ): Promise<void>;
  /** Adds a custom API, a message of one's own. */
  defineCustomApi(name: string, definition: CustomApiDefinition): Promise<void>;
  /** Calls a custom API, a bound one on its target; returns its properties. */
  callCustomApi(
    name: string,
    parameters: ApiValues,
    target?: Reference,
    options?: OperationOptions,
  ): Promise<readonly Parameter[]>;
  /** Brings a deleted row back as it was, with its id and a higher version; raises Create. */
  restore(table: string, id: string, options?: OperationOptions): Promise<void>;
  /**
   * Associates rows with the target by a many-to-many relationship or that of a lookup, named by its schema name;
   * rejects when a pair exists.
   */
  associate(
    table: string,
    id: string,
    relationship: string,
    related: readonly Reference[],
    options?: AssociationOptions,
  ): Promise<void>;
  /** Ends associations; a pair that does not exist is no error, and Disassociate is raised all the same. */
  disassociate(
    table: string,
    id: string,
    relationship: string,
    related: readonly Reference[],
    options?: AssociationOptions,
  ): Promise<void>;
  /** Adds a many-to-many relationship with its intersect table. */
  defineRelationship(definition: ManyToManyDefinition): void;
  /** The row as committed; undefined when there is none. */
  get(table: string, id: string): Row | undefined;
  /** All rows of a table as committed. */
  rows(table: string): Iterable<Row>;

  /** Registers where to post to; returns the endpoint's id. */
  registerEndpoint(endpoint: EndpointRegistration): Promise<string>;
  /** Registers what to post; returns the step's id. */
  registerStep(step: StepRegistration): Promise<string>;
  /** Removes a step or an endpoint. */
  unregister(id: string): Promise<void>;

  /** Adds an alternate key; without a status its index is built at once, and fails where rows have equal values. */
  defineKey(table: string, key: AlternateKeyDefinition): void;
  /** Sets how far the index of a key is. */
  setKeyStatus(table: string, schemaName: string, status: KeyIndexStatus): void;
  /** Sets what an application user may do from now on; `{}` makes it all but the bypass of custom logic. */
  permit(userId: string, permissions: Permissions): void;
  /** Runs between the look-up of an alternate key by PATCH or DELETE and the operation, until it is taken away. */
  afterLookUp(after: AfterLookUp | undefined): void;
  /** Makes the next `count` operations meet an error of the database after stage 20; they are rolled back. */
  failWrites(count: number, fault: WriteFault, options?: WriteFaultOptions): void;
  /** Adds a plug-in; the function returned takes it away. */
  plugIn(plugIn: PlugIn): () => void;

  /** Adds a column to a table. Like the next two, it makes delta tokens of the table issued so far expired. */
  addColumn(table: string, column: ColumnDefinition): void;
  /** Removes a column with its values. */
  removeColumn(table: string, name: string): void;
  /** Gives a column another definition; values stay when its type does and they still fit. */
  changeColumnType(table: string, column: ColumnDefinition): void;
  /** Sets the disturbances of asynchronous deliveries from now on; `{}` ends them. */
  disturb(disturbances: Disturbances): void;
  /** Sends now what is held back or waits for another attempt. */
  hurry(): void;
  /** Makes the next `count` Web API requests fail. */
  failNext(count: number, status: number | 'reset', options?: Omit<Fault, 'status'>): void;
  /** Looks at every request of the Web API and says whether its connection breaks, until it is replaced or taken away. */
  intercept(interceptor: Interceptor | undefined): void;
  /** Tells of every commit from now on; the function returned ends that. */
  watch(listener: (commit: Commit) => void): () => void;
  /** Makes delta tokens issued so far expired: of one table or of all. */
  expireToken(table?: string): void;
  /** Makes access tokens issued so far worthless. */
  revokeAccessTokens(): void;
  /** Resolves when all system jobs are finished; rejects after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
  stats(): DataverseStats;
  /** System jobs, finished ones first. */
  jobs(): readonly SystemJob[];
  close(): Promise<void>;
}

/** Execution contexts as Dataverse posts them, as far as the simulation needs them: JSON, as bytes. */
import type { Instant } from '../../shared/change/instant';
import type { RowAddress } from '../../shared/change/row-change';

/** Columns as plain values. */
export type Plain = Readonly<Record<string, number | string | null>>;

/** The alias of the post image that holds the whole row. */
export const FULL_IMAGE = 'full';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** What a context tells of. */
export interface WireEvent {
  /** Tells events apart. */
  readonly number: number;
  readonly message: string;
  readonly row: RowAddress;
  readonly synchronous: boolean;
  readonly createdOn: Instant;
  readonly input: Readonly<Record<string, Json>>;
  readonly fullImage?: Json;
}

const contract = (type: string): string => `${type}:http://schemas.microsoft.com/xrm/2011/Contracts`;
const date = (at: Instant): string => `/Date(${at * 1000})/`;
const pairs = (of: Readonly<Record<string, Json>>): Json => Object.entries(of).map(([key, value]) => ({ key, value }));
const guid = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

/** The number of an event, from its operation's id. */
export const numberIn = (operationId: string): number => Number.parseInt(operationId.slice(-12), 16);

/** A row as a parameter or an image. */
export const entity = ({ table, id }: RowAddress, plain: Plain, modifiedOn: Instant): Json => ({
  __type: contract('Entity'),
  Attributes: pairs({ ...plain, modifiedon: date(modifiedOn) }),
  EntityState: null,
  FormattedValues: [],
  Id: id,
  KeyAttributes: [],
  LogicalName: table,
  RelatedEntities: [],
  RowVersion: null,
});

/** A reference to a row. */
export const reference = ({ table, id }: RowAddress): Json => ({
  __type: contract('EntityReference'),
  Id: id,
  KeyAttributes: [],
  LogicalName: table,
  Name: null,
  RowVersion: null,
});

/** Rows as one parameter. */
export const entities = (table: string, rows: readonly Json[]): Json => ({
  __type: contract('EntityCollection'),
  Entities: rows,
  EntityName: table,
  MinActiveRowVersion: null,
  MoreRecords: false,
  PagingCookie: null,
  TotalRecordCount: -1,
  TotalRecordCountLimitExceeded: false,
});

/** A relationship between two tables. */
export const relationship = (SchemaName: string): Json => ({
  __type: contract('Relationship'),
  PrimaryEntityRole: null,
  SchemaName,
});

/** The body of a delivery; `truncated`: as it is when it was over its size limit. */
export function bodyOf(event: WireEvent, truncated: boolean): Uint8Array {
  const { number, message, row, synchronous, createdOn, input, fullImage } = event;
  const members = truncated
    ? {}
    : {
        InputParameters: pairs(input),
        PostEntityImages: fullImage === undefined ? [] : [{ key: FULL_IMAGE, value: fullImage }],
        PreEntityImages: [],
        SharedVariables: [],
      };
  const context: Json = {
    BusinessUnitId: guid(1),
    CorrelationId: guid(number),
    Depth: 1,
    InitiatingUserId: guid(2),
    ...members,
    IsExecutingOffline: false,
    IsInTransaction: synchronous,
    IsOfflinePlayback: false,
    IsolationMode: 1,
    MessageName: message,
    Mode: synchronous ? 0 : 1,
    OperationCreatedOn: `/Date(${createdOn * 1000}${synchronous ? '' : '+0000'})/`,
    OperationId: guid(number),
    OrganizationId: guid(3),
    OrganizationName: 'simulated',
    OutputParameters: [],
    OwningExtension: null,
    ParentContext: null,
    PrimaryEntityId: row.id,
    PrimaryEntityName: row.table,
    RequestId: guid(number),
    SecondaryEntityName: 'none',
    Stage: synchronous ? 20 : 40,
    UserId: guid(2),
  };
  return Buffer.from(JSON.stringify(context));
}

/** A refused request, as the Web API answers it: `{"error":{"code":"0x…","message":"…"}}`. */
export class DataverseError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/**
 * Errors of conditional requests come in two forms. Microsoft's page on conditional operations shows an empty code and
 * `account With Id = … Does Not Exist`; organisations of today send 0x80040217 and `Entity 'account' With Id = …`.
 */
export type ErrorForm = 'documented' | 'current';

/** The row does not exist (any more). */
export const notFound = (form: ErrorForm, table: string, id: string): DataverseError =>
  form === 'documented'
    ? new DataverseError(404, '', `${table} With Id = ${id} Does Not Exist`)
    : new DataverseError(404, '0x80040217', `Entity '${table}' With Id = ${id} Does Not Exist`);

/**
 * What a lookup is bound to does not exist. Not a conditional request: it comes in one form only.
 */
export const noSuchRow = (table: string, id: string): DataverseError => notFound('current', table, id);

/** A row is created under an id that is in use (bengribaudo.com, Dataverse Web API Tip #2). */
export const duplicateId = (): DataverseError => alreadyExists('current');

/** An argument that the platform refuses (InvalidArgument). */
export const invalidArgument = (message: string): DataverseError => new DataverseError(400, '0x80040203', message);

/** A column that has to have a value has none (RequiredFieldMissing). */
export const requiredColumn = (table: string, column: string): DataverseError =>
  new DataverseError(400, '0x80040200', `Required field '${column}' of '${table}' is missing.`);

/** A text is longer than its column (StringLengthTooLong). */
export const tooLong = (table: string, column: string, maxLength: number): DataverseError =>
  new DataverseError(
    400,
    '0x80044331',
    `A validation error occurred. The length of the '${column}' attribute of the '${table}' entity exceeded the ` +
      `maximum allowed length of '${maxLength}'.`,
  );

/** A row with this id exists already. */
export const alreadyExists = (form: ErrorForm): DataverseError =>
  new DataverseError(
    412,
    form === 'documented' ? '' : '0x80040237',
    'A record with matching key values already exists.',
  );

/** The row has another version than the caller's If-Match. */
export const versionMismatch = (form: ErrorForm): DataverseError =>
  new DataverseError(
    412,
    form === 'documented' ? '' : '0x80060882',
    "The version of the existing record doesn't match the RowVersion property provided.",
  );

/** No row has these values of an alternate key (RecordNotFoundByEntityKey). */
export const noSuchKey = (table: string): DataverseError =>
  new DataverseError(404, '0x80060891', `A record with the specified key values does not exist in ${table} entity`);

/** Another row has these values of an alternate key (DuplicateRecordEntityKey); both are named as users see them. */
export const duplicateKey = (key: string, columns: string): DataverseError =>
  new DataverseError(
    412,
    '0x80060892',
    `Entity Key ${key} violated. A record with the same value for ${columns} already exists. ` +
      'A duplicate record cannot be created. Select one or more unique values and try again.',
  );

/** The names between the parentheses are no key of the table, or its index isn't there yet. */
export const notAKey = (table: string): DataverseError =>
  badRequest(
    `The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.${table}'. Ensure that the names and ` +
      `number of key properties match the declared or alternate key properties for the resource ` +
      `'Microsoft.Dynamics.CRM.${table}'.`,
  );

/** If-Match names a version, and the table has none (OptimisticConcurrencyNotEnabled). */
export const noConcurrency = (table: string): DataverseError =>
  badRequest(
    `Optimistic concurrency isn't enabled for entity type ${table}. The IfVersionMatches value of ConcurrencyBehavior ` +
      'can only be used if optimistic concurrency is enabled.',
    '0x80060883',
  );

/** A status reason that isn't one of the state (InvalidStateCodeStatusCode). */
export const wrongReason = (reason: string, state: string, table: string, id: string): DataverseError =>
  badRequest(`${reason} is not a valid status code for state code ${state} on ${table} with Id ${id}.`, '0x80048408');

/** A request that makes no sense. */
export const badRequest = (message: string, code = '0x80060888'): DataverseError =>
  new DataverseError(400, code, message);

/** A column that the table does not have. */
export const noProperty = (name: string, type: string): DataverseError =>
  badRequest(`Could not find a property named '${name}' on type 'Microsoft.Dynamics.CRM.${type}'.`);

/** A path that leads to nothing. */
export const noResource = (segment: string): DataverseError =>
  new DataverseError(404, '0x8006088a', `Resource not found for the segment '${segment}'.`);

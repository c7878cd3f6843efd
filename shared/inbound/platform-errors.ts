/**
 * What Dataverse's refusals mean for a change of the LOB system. `error.code` may be empty: then its text has to do.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/web-service-error-codes
 */
import type { WebApiError } from '../dataverse/web-api';
import { RowContended } from '../writer/writer';
import { InboundForbidden, InboundPlugInFailed, InboundRefused, InboundStopped } from './errors';
import type { RowAnswer, RowRequest } from './inbound-rows';

/** The platform's codes, as they come: hexadecimal. */
const CODES = {
  versionMismatch: '0x80060882',
  noConcurrency: ['0x80060883', '0x8006088d'],
  duplicateKey: '0x80060892',
  duplicateRecord: '0x80040237',
  noSuchRow: ['0x80040217', '0x80060891'],
  notAMember: '0x80072560',
  pluginRefuses: '0x80040265',
  pluginCrashed: '0x80040224',
  lacksPrivilege: '0x80040220',
  /** A deadlock among others, and a time-out: of the database. */
  sql: ['0x80044150', '0x80044151'],
} as const;

const STALE = /version of the existing record/i;
const TAKEN = /matching key values already exists|Entity Key .* violated|Cannot insert duplicate key/i;
const MISSING = /Does Not Exist|does not exist in/i;

/** What a refusal means. */
export function refusalAnswer(error: WebApiError, { table, row, id }: RowRequest): RowAnswer {
  const { status, text } = error;
  const code = error.platformCode.toLowerCase();
  const place = { table: table.definition.table, id };
  const cause = { cause: error };
  const isAmong = (codes: readonly string[]): boolean => codes.includes(code);
  const failed = (of: unknown): RowAnswer => ({ kind: 'failed', error: of });
  if (status === 412) {
    if (code === CODES.versionMismatch || (code === '' && STALE.test(text))) return { kind: 'stale' };
    if (isAmong([CODES.duplicateKey, CODES.duplicateRecord]) || (code === '' && TAKEN.test(text)))
      return { kind: 'taken', what: text };
  }
  if (code === CODES.duplicateKey) return { kind: 'taken', what: text };
  if (status === 404 || isAmong(CODES.noSuchRow)) {
    if (isAmong(CODES.noSuchRow) || (code === '' && MISSING.test(text))) return { kind: 'missing', what: text };
  }
  if (isAmong(CODES.sql)) return failed(new RowContended({ table: place.table, id: row.id ?? 'by key' }, 1));
  // Before the status, which a plug-in chooses.
  if (code === CODES.pluginRefuses) return failed(new InboundRefused(place, '', text, cause));
  if (code === CODES.pluginCrashed) return failed(new InboundPlugInFailed(place, text, cause));
  if (status === 401 || code === CODES.notAMember) return failed(new InboundStopped(text, cause));
  if (status === 403 || code === CODES.lacksPrivilege) return failed(new InboundForbidden(place, text, cause));
  // The table's definition at hand is older than the table: it is read again within the hour.
  const isOld = isAmong(CODES.noConcurrency);
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429 && !isOld;
  return failed(isRefusal ? new InboundRefused(place, '', text, cause) : error);
}

import type { IncomingHttpHeaders } from 'node:http';
import { DataverseError, invalidArgument } from '../dataverse-error';
import { metadataId, privilegeName, type Access } from '../metadata/metadata-json';
import type { Table } from '../metadata/table';
import type { RowStore } from '../rows/row-store';
import { asText } from '../rows/value';
import { header } from './api-request';

/** What an application user may do beside, or not; it may do everything else. */
export interface Permissions {
  /** @default true */
  readonly member?: boolean;
  /** Names of privileges that it lacks: `prvWriteAccount`, `prvCreatenew_shipment`. */
  readonly lacks?: readonly string[];
  /** Has prvBypassCustomBusinessLogic and prvBypassCustomPlugins. @default false */
  readonly bypass?: boolean;
}

/** Who sends a request. */
export interface Caller {
  /** systemuserid of the application user. */
  readonly userId: string;
  /** systemuserid of the user whom it acts for: its own without another one. */
  readonly actsAs: string;
}

const BYPASS_HEADERS = {
  prvBypassCustomBusinessLogic: ['MSCRM.BypassBusinessLogicExecution', 'MSCRM.BypassBusinessLogicExecutionStepIds'],
  prvBypassCustomPlugins: ['MSCRM.BypassCustomPluginExecution'],
} as const;

/** The privileges to leave out custom logic. */
export const BYPASS_PRIVILEGES: readonly string[] = Object.keys(BYPASS_HEADERS);

/** The application users who call the Web API, and what they may do. */
export class Callers {
  readonly #store: RowStore;
  readonly #permissions = new Map<string, Permissions>();

  constructor(store: RowStore) {
    this.#store = store;
  }

  /** Sets what a user may do from now on. */
  permit(userId: string, permissions: Permissions): void {
    this.#permissions.set(userId, permissions);
  }

  /** The caller of a request; throws when it isn't allowed in, or asks for what it may not do. */
  caller(userId: string, headers: IncomingHttpHeaders): Caller {
    if (this.#permissions.get(userId)?.member === false) {
      throw new DataverseError(403, '0x80072560', 'The user is not a member of the organization.');
    }
    const actsAs = this.#impersonated(headers) ?? userId;
    const caller = { userId, actsAs };
    const delegate = 'prvActOnBehalfOfAnotherUser';
    if (actsAs !== userId && !this.has(userId, delegate)) throw this.#missing(userId, delegate);
    for (const [privilege, names] of Object.entries(BYPASS_HEADERS)) {
      const asked = names.some((name) => header(headers, name) !== undefined);
      if (asked && this.#permissions.get(userId)?.bypass !== true) throw this.#missing(userId, privilege);
    }
    return caller;
  }

  /** Throws when the caller, or the user whom it acts for, lacks a privilege on a table. */
  demand({ userId, actsAs }: Caller, access: Access, table: Table): void {
    const privilege = privilegeName(access, table);
    for (const each of new Set([userId, actsAs])) {
      if (!this.has(each, privilege)) throw this.#missing(each, privilege, table);
    }
  }

  /** Has a user the privilege? */
  has(userId: string, privilege: string): boolean {
    const { lacks = [], bypass = false } = this.#permissions.get(userId) ?? {};
    return privilege in BYPASS_HEADERS ? bypass : !lacks.includes(privilege);
  }

  /** The text is that of a captured error, with made up counts. */
  #missing(userId: string, privilege: string, table?: Table): DataverseError {
    const objectId = asText(this.#store.table('systemuser').get(userId)?.columns.azureactivedirectoryobjectid);
    const of =
      table === undefined
        ? ''
        : ` on OTC=${table.objectTypeCode} for entity '${table.logicalName}' (LocalizedName='${table.label ?? table.logicalName}')`;
    return new DataverseError(
      403,
      '0x80040220',
      `Principal user (Id=${userId}, type=8, roleCount=1, privilegeCount=641, accessMode='4 Non-interactive', ` +
        `AADObjectId='${objectId}'), is missing ${privilege} privilege (Id=${metadataId(privilege)})${of}. ` +
        `context.Caller=${userId}. Consider adding missed privilege to one of the principal (user/team) roles.`,
    );
  }

  /**
   * The user whom a request names to act for.
   * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/impersonate-another-user-web-api
   */
  #impersonated(headers: IncomingHttpHeaders): string | undefined {
    const objectId = header(headers, 'CallerObjectId')?.toLowerCase();
    if (objectId === undefined) return header(headers, 'MSCRMCallerID')?.toLowerCase();
    for (const { id, columns } of this.#store.table('systemuser').values()) {
      if (columns.azureactivedirectoryobjectid === objectId) return id;
    }
    throw invalidArgument(`No user has the object id ${objectId}.`);
  }
}

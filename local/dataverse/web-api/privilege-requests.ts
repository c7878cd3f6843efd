import { ACCESSES, metadataId, privilegeName } from '../metadata/metadata-json';
import type { Catalog } from '../metadata/table';
import type { ApiRequest, ApiResponse } from './api-request';
import { BYPASS_PRIVILEGES, type Callers } from './callers';
import type { JsonObject } from './json-text';

const FUNCTION =
  /^Microsoft\.Dynamics\.CRM\.(?:RetrieveUserPrivileges(?:\(\))?|RetrieveUserPrivilegeByPrivilegeName\(PrivilegeName='(\w+)'\))$/;

/**
 * The functions of a user that tell its privileges, all of them or one.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/retrieveuserprivileges
 */
export class PrivilegeRequests {
  readonly #catalog: Catalog;
  readonly #callers: Callers;
  readonly #businessUnitId: string;

  constructor(catalog: Catalog, callers: Callers, businessUnitId: string) {
    this.#catalog = catalog;
    this.#callers = callers;
    this.#businessUnitId = businessUnitId;
  }

  /** Is it one of these functions? */
  has(rest: string): boolean {
    return FUNCTION.test(rest);
  }

  /** Answers one of them. */
  answer(request: ApiRequest, userId: string, rest: string): ApiResponse {
    const one = FUNCTION.exec(rest)?.[1];
    const names = one === undefined ? this.#all() : [one];
    const name = one === undefined ? 'RetrieveUserPrivileges' : 'RetrieveUserPrivilegeByPrivilegeName';
    return {
      status: 200,
      body: {
        '@odata.context': `${request.serviceRoot}/$metadata#Microsoft.Dynamics.CRM.${name}Response`,
        RolePrivileges: names
          .filter((privilege) => this.#callers.has(userId, privilege))
          .map((privilege): JsonObject => {
            return {
              Depth: 'Global',
              PrivilegeId: metadataId(privilege),
              BusinessUnitId: this.#businessUnitId,
              PrivilegeName: privilege,
            };
          }),
      },
    };
  }

  #all(): readonly string[] {
    const tables = [...this.#catalog.tables].filter(({ intersect }) => intersect !== true);
    return [
      ...tables.flatMap((table) => ACCESSES.map((access) => privilegeName(access, table))),
      'prvActOnBehalfOfAnotherUser',
      ...BYPASS_PRIVILEGES,
    ];
  }
}

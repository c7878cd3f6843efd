import { readBody, requestOptions, type ApiRequest, type ApiResponse } from './api-request';
import type { Associations } from '../operations/associations';
import type { Catalog, Table } from '../metadata/table';
import { badRequest, DataverseError, noProperty } from '../dataverse-error';
import type { Json } from './json-text';
import type { RowKeys } from './row-keys';
import type { Role } from '../events/event';
import type { Relationships } from '../metadata/relationship';
import type { Reference } from '../rows/value';

/** What `$ref` requests work with. */
export interface ReferenceRequestDependencies {
  readonly catalog: Catalog;
  readonly keys: RowKeys;
  readonly relationships: Relationships;
  readonly associations: Associations;
}

/** A collection-valued navigation property of a table. */
interface Collection {
  readonly schemaName: string;
  readonly role: Role;
  readonly related: string;
}

/**
 * References between rows by their collection-valued navigation properties: POST and DELETE of
 * `accounts(…)/accountleads_association/$ref`.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/associate-disassociate-entities-using-web-api
 */
export class ReferenceRequests {
  readonly #d: ReferenceRequestDependencies;

  constructor(dependencies: ReferenceRequestDependencies) {
    this.#d = dependencies;
  }

  /** Answers a request whose path after the row is `<navigation property>[(key)]/$ref`. */
  async answer(request: ApiRequest, table: Table, key: string, rest: string): Promise<ApiResponse> {
    const [, navigation = '', relatedKey] = /^(\w+)(?:\(([^)]*)\))?\/\$ref$/.exec(rest) ?? [];
    const collection = this.#collection(table, navigation);
    const target = { table: table.logicalName, id: this.#d.keys.id(table, key) };
    const { role, schemaName } = collection;
    const options = { ...requestOptions(request), role };
    const { associations } = this.#d;
    if (request.method === 'POST' && relatedKey === undefined) {
      const related = this.#linked(collection, readBody(request.body)['@odata.id']);
      await associations.associate(target, schemaName, [related], options);
      return { status: 204 };
    }
    if (request.method === 'DELETE') {
      const related =
        relatedKey === undefined
          ? this.#linked(collection, new URLSearchParams(request.search).get('$id') ?? '')
          : { table: collection.related, id: this.#d.keys.id(this.#d.catalog.table(collection.related), relatedKey) };
      await associations.disassociate(target, schemaName, [related], options);
      return { status: 204 };
    }
    throw new DataverseError(405, '0x80060888', 'The HTTP method is not supported here.');
  }

  #linked(collection: Collection, link: Json | undefined): Reference {
    const related = this.#d.keys.linked(link);
    if (related.table === collection.related) return related;
    throw badRequest(`A row of ${related.table} cannot be in this collection of ${collection.related}.`);
  }

  #collection(table: Table, navigation: string): Collection {
    const name = table.logicalName;
    for (const relationship of this.#d.relationships.all()) {
      const { schemaName } = relationship;
      if (relationship.kind === 'oneToMany') {
        const { referenced, referencing } = relationship;
        if (referenced.table === name && referenced.navigation === navigation)
          return { schemaName, role: 'referenced', related: referencing.table };
        continue;
      }
      const { one, two } = relationship;
      if (one.table === name && one.navigation === navigation)
        return { schemaName, role: 'referencing', related: two.table };
      if (two.table === name && two.navigation === navigation)
        return { schemaName, role: 'referenced', related: one.table };
    }
    throw noProperty(navigation, name);
  }
}

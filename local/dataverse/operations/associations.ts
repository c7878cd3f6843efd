import { DataverseError, badRequest } from '../dataverse-error';
import { referenceParameter, type Parameter, type Role } from '../events/event';
import {
  isReflexive,
  type IntersectRows,
  type ManyToMany,
  type OneToMany,
  type Relationship,
  type Relationships,
} from '../metadata/relationship';
import type { Catalog } from '../metadata/table';
import type { Random } from '../random';
import type { Reference } from '../rows/value';
import type { RowChanges } from './row-changes';
import type { OperationOptions, Transactions, UnitOfWork } from './transactions';

/** How rows are associated. */
export interface AssociationOptions extends OperationOptions {
  /**
   * For relationships of a table with itself: which end the target is. @default referencing, the first end, of many to
   * many; referenced, the one row, of one to many
   */
  readonly role?: Role;
}

/** What associations work with. */
export interface AssociationDependencies {
  readonly catalog: Catalog;
  readonly relationships: Relationships;
  readonly intersects: IntersectRows;
  readonly transactions: Transactions;
  readonly changes: RowChanges;
  readonly random: Random;
}

interface Association {
  readonly message: 'Associate' | 'Disassociate';
  readonly relationship: Relationship;
  readonly role: Role;
  readonly target: Reference;
  readonly related: readonly Reference[];
}

/** A pair of this relationship exists. */
const duplicate = (): DataverseError => new DataverseError(412, '0x80040237', 'Cannot insert duplicate key.');

/**
 * Associate and Disassociate. Pairs of many to many are rows of the intersect table; of one to many the lookup is set,
 * which is an Update of the row that has it as well.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/associate-disassociate-entities-using-web-api
 */
export class Associations {
  readonly #d: AssociationDependencies;

  constructor(dependencies: AssociationDependencies) {
    this.#d = dependencies;
  }

  /** Associates rows with the target; refuses all of them when one pair exists. */
  associate(
    target: Reference,
    schemaName: string,
    related: readonly Reference[],
    options: AssociationOptions = {},
  ): Promise<void> {
    return this.#run('Associate', target, schemaName, related, options);
  }

  /** Ends associations; a pair that does not exist is no error. */
  disassociate(
    target: Reference,
    schemaName: string,
    related: readonly Reference[],
    options: AssociationOptions = {},
  ): Promise<void> {
    return this.#run('Disassociate', target, schemaName, related, options);
  }

  async #run(
    message: Association['message'],
    target: Reference,
    schemaName: string,
    related: readonly Reference[],
    options: AssociationOptions,
  ): Promise<void> {
    const association = this.#association(message, target, schemaName, related, options.role);
    const rows = [association.target, ...association.related].map(({ table, id }) => ({
      table: this.#d.catalog.table(table),
      id,
    }));
    await this.#d.transactions.run(rows, options, (work) => {
      const { relationship } = association;
      const [first] = rows;
      if (first !== undefined) this.#d.changes.existing(work, first.table, first.id);
      if (relationship.kind === 'manyToMany') this.#pairs(work, association, relationship);
      else this.#lookups(work, association, relationship);
      raise(work, association);
    });
  }

  #association(
    message: Association['message'],
    target: Reference,
    schemaName: string,
    related: readonly Reference[],
    given: Role | undefined,
  ): Association {
    const relationship = this.#d.relationships.find(schemaName);
    if (relationship === undefined) throw badRequest(`There is no relationship '${schemaName}'.`);
    const { referencing, referenced } = ends(relationship);
    const own: Role = relationship.kind === 'manyToMany' ? 'referencing' : 'referenced';
    const role: Role = isReflexive(relationship)
      ? (given ?? own)
      : target.table === referencing
        ? 'referencing'
        : 'referenced';
    const [targetTable, relatedTable] = role === 'referencing' ? [referencing, referenced] : [referenced, referencing];
    if (target.table !== targetTable || related.some(({ table }) => table !== relatedTable)) {
      throw badRequest(`The relationship '${schemaName}' joins ${referencing} and ${referenced}.`);
    }
    const lower = ({ table, id }: Reference): Reference => ({ table, id: id.toLowerCase() });
    return { message, relationship, role, target: lower(target), related: related.map(lower) };
  }

  #pairs(work: UnitOfWork, { message, role, target, related }: Association, relationship: ManyToMany): void {
    const table = this.#d.intersects.table(relationship);
    const done = new Set<string>();
    for (const other of related) {
      const [one, two] = role === 'referencing' ? [target.id, other.id] : [other.id, target.id];
      const id = this.#d.intersects.pair(relationship, one, two);
      if (message === 'Disassociate') {
        if (id !== undefined && !done.has(id)) work.remove(table, id);
        if (id !== undefined) done.add(id);
        continue;
      }
      this.#d.changes.existing(work, this.#d.catalog.table(other.table), other.id);
      if (id !== undefined || done.has(other.id)) throw duplicate();
      done.add(other.id);
      const created = this.#d.random.guid();
      work.put(table, created, this.#d.intersects.columns(relationship, created, one, two));
    }
  }

  #lookups(work: UnitOfWork, { message, role, target, related }: Association, relationship: OneToMany): void {
    const { column, table: many } = relationship.referencing;
    const table = this.#d.catalog.table(many);
    for (const other of related) {
      const [child, parent] = role === 'referenced' ? [other, target] : [target, other];
      const row = work.row(table, child.id);
      if (message === 'Associate') {
        this.#d.changes.existing(work, this.#d.catalog.table(parent.table), parent.id);
        this.#d.changes.update(work, table, child.id, { [column]: parent });
        continue;
      }
      const refersTo = row?.columns[column] as Reference | null | undefined;
      if (refersTo?.id === parent.id) this.#d.changes.update(work, table, child.id, { [column]: null });
    }
  }
}

/** The tables of both ends: of many to many the first end is the referencing one. */
const ends = (relationship: Relationship): { readonly referencing: string; readonly referenced: string } =>
  relationship.kind === 'manyToMany'
    ? { referencing: relationship.one.table, referenced: relationship.two.table }
    : { referencing: relationship.referencing.table, referenced: relationship.referenced.table };

function raise(work: UnitOfWork, { message, relationship, role, target, related }: Association): void {
  const { schemaName } = relationship;
  const told = isReflexive(relationship) ? role : undefined;
  const input: readonly Parameter[] = [
    referenceParameter('Target', target),
    { name: 'Relationship', value: { kind: 'relationship', schemaName, role: told } },
    { name: 'RelatedEntities', value: { kind: 'references', references: related } },
  ];
  const { table, id } = target;
  work.raise({ message, table, id, requested: input, input, output: [], images: {}, columns: [] });
}

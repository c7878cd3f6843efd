/** What a mapping file says of changes that the LOB system makes: checked, and as the writer of such changes needs it. */
import type { Fault } from '../yaml/schema-faults';
import type { FileInbound, FileInboundColumn } from './inbound-schema';

/** Whose value of a column counts. */
export type Owner = 'dataverse' | 'lob';

/** A column that messages may bring. */
export interface InboundColumn {
  /** In messages. */
  readonly name: string;
  /** Undefined: the later change wins. */
  readonly owner?: Owner;
  /** By table the columns of the alternate key that messages give; none: the id. Undefined: whatever the metadata allows, by id. */
  readonly lookup?: ReadonlyMap<string, readonly string[]>;
}

/** What messages may change in a table. */
export interface InboundRules {
  /** The columns of the alternate key by which messages name rows; none: only by id. */
  readonly key: readonly string[];
  readonly allows: { readonly create: boolean; readonly update: boolean; readonly delete: boolean };
  /** Whether columns that aren't named are left out. Else the message is refused. */
  readonly ignoresOthers: boolean;
  /** By logical name. */
  readonly columns: ReadonlyMap<string, InboundColumn>;
  /** Logical names of those without an owner. */
  readonly unowned: readonly string[];
}

const listOf = (columns: string | readonly string[] | null | undefined): readonly string[] =>
  typeof columns === 'string' ? [columns] : (columns ?? []);

const partsOf = (column: FileInboundColumn): Exclude<FileInboundColumn, string | null> =>
  column === null ? {} : typeof column === 'string' ? { owner: column } : column;

/** @param nameOf a column's name in the store */
export function inboundRules(section: FileInbound, nameOf: (column: string) => string): InboundRules {
  const named = Object.entries(section.columns);
  return {
    key: listOf(section.key),
    allows: { create: section.create ?? true, update: section.update ?? true, delete: section.delete ?? false },
    ignoresOthers: section.others === 'ignore',
    columns: new Map(
      named.map(([column, of]): [string, InboundColumn] => {
        const { from, owner, lookup } = partsOf(of);
        return [
          column,
          {
            name: from ?? nameOf(column),
            ...(owner === undefined ? {} : { owner }),
            ...(lookup === undefined
              ? {}
              : { lookup: new Map(Object.entries(lookup).map(([table, key]) => [table, listOf(key)])) }),
          },
        ];
      }),
    ),
    unowned: named.flatMap(([column, of]) => (partsOf(of).owner === undefined ? [column] : [])),
  };
}

/** A name of tables or columns in Dataverse. */
const LOGICAL_NAME = /^[a-z_][a-z0-9_]{0,127}$/;

/** Set by Dataverse: a message that brings them says nothing. */
const READ_ONLY = new Set(['createdon', 'modifiedon', 'createdby', 'modifiedby', 'versionnumber']);

/** @param isDropped whether a column isn't stored */
export function inboundFaults(
  section: FileInbound,
  path: Fault['path'],
  rules: InboundRules,
  isDropped: (column: string) => boolean,
): Fault[] {
  const names = [...rules.columns].map(([column, { name }]) => ({ column, name }));
  return [
    ...rules.key
      .filter((column) => !LOGICAL_NAME.test(column))
      .map(() => ({ path: [...path, 'key'], text: 'must hold logical names of columns (lower case)' })),
    ...names.flatMap(({ column, name }): Fault[] => {
      const at = [...path, 'columns', column];
      if (!LOGICAL_NAME.test(column))
        return [{ path: at, ofKey: true, text: 'must be the logical name of a column (lower case)' }];
      if (READ_ONLY.has(column)) return [{ path: at, ofKey: true, text: "can't be written: Dataverse sets it" }];
      const twin = names.find((other) => other.name === name && other.column !== column);
      if (twin !== undefined) return [{ path: at, text: `must not have the same name as ${twin.column}: ${name}` }];
      if (rules.columns.get(column)?.owner === 'lob' && isDropped(column))
        return [
          { path: at, text: "can't be owned by the LOB system: it isn't stored, so nobody sees whether it changes" },
        ];
      const { lookup } = partsOf(section.columns[column] ?? null);
      return Object.entries(lookup ?? {}).flatMap(([table, key]) =>
        [table, ...listOf(key)].every((one) => LOGICAL_NAME.test(one))
          ? []
          : [{ path: [...at, 'lookup', table], text: 'must be logical names of a table and its columns (lower case)' }],
      );
    }),
  ];
}

import type { Json } from '../json/exact-json';
import { stemOf } from '../mapping/column-names';
import { InboundNotMapped } from './errors';
import type { InboundTable } from './inbound-table';
import type { RowOfChange } from './inbound-writer';
import { keyParts, readLobValue, textOfLobValue, valueOfPart } from './lob-value';
import { InboundInvalid, type InboundMessage } from './message';
import type { RowName } from './inbound-rows';

/**
 * The change that a message tells of: names and values as Dataverse has them.
 *
 * @throws InboundInvalid, InboundNotMapped
 */
export function changeOfMessage(message: InboundMessage, table: InboundTable): RowOfChange {
  const { id, op, atMs, ifVersion } = message;
  const row = rowOf(message, table);
  const { texts, refused } = valuesOf(message, table, row);
  const change = {
    id,
    table: message.table,
    op,
    atMs,
    texts,
    refused,
    ...(ifVersion === undefined ? {} : { ifVersion }),
  };
  return { change, table, row };
}

function rowOf(message: InboundMessage, { definition, rules }: InboundTable): RowName {
  const { address } = message;
  if (address.kind === 'row') return { id: address.id };
  if (rules.key.length === 0)
    throw new InboundNotMapped(message, 'it names its row by a key, and the table has none ("key")');
  const logical = new Map(rules.key.map((column) => [rules.columns.get(column)?.name ?? column, column]));
  const given = new Map([...address.key].map(([name, value]) => [logical.get(name) ?? name, value]));
  return { key: keyParts(rules.key, given, definition) };
}

interface Values {
  readonly texts: ReadonlyMap<string, string>;
  readonly refused: readonly string[];
}

function valuesOf(message: InboundMessage, table: InboundTable, row: RowName): Values {
  const { rules } = table;
  const texts = new Map<string, string>();
  const refused: string[] = [];
  if (message.op === 'delete') return { texts, refused };
  const logical = new Map([...rules.columns].map(([column, { name }]) => [name, column]));
  const keys = new Map(row.key?.map((part) => [part.column.name, part]));
  for (const [name, value] of message.columns) {
    const column = logical.get(name) ?? (keys.has(name) ? name : undefined);
    if (column === undefined) {
      if (rules.ignoresOthers || isBeside(name, logical, table)) continue;
      throw new InboundInvalid(
        `the mapping file lets no message bring the column ${name} of ${message.table} ("inbound")`,
      );
    }
    const text = textOfLobValue(readLobValue(value, column, table, besideOf(name, message.columns)));
    const key = keys.get(column);
    // In a body a key would win over the one in the URL where the row isn't there yet.
    if (key !== undefined && textOfLobValue(valueOfPart(key, table)) !== text)
      throw new InboundInvalid(
        `the key column ${name} of ${message.table} has another value among the columns than in the key`,
      );
    if (key !== undefined) continue;
    if (rules.columns.get(column)?.owner === 'dataverse') refused.push(column);
    else texts.set(column, text);
  }
  return { texts, refused };
}

/** What stands beside a lookup's id in the store. */
const besideOf = (name: string, columns: ReadonlyMap<string, Json>): Json | undefined => columns.get(`${name}Table`);

/** Whether a name is what the store adds to a column's: the label of a choice, the table or name of a lookup. */
function isBeside(name: string, logical: ReadonlyMap<string, string>, { definition }: InboundTable): boolean {
  const type = definition.columns.get(logical.get(stemOf(name) ?? '') ?? '')?.type;
  return type === 'choice' || type === 'choices' || type === 'lookup';
}

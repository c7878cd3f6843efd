/**
 * Writes contexts in the JSON form as DataContractJsonSerializer does: the inverse of the reader, for property tests.
 * It shares no code with it.
 */
import type { RowContent, Value } from '../../shared/change/value';

const XRM = 'http://schemas.microsoft.com/xrm/2011/Contracts';

/** A string as .NET writes it: slashes escaped, control characters as `\u00xx`. */
const text = (value: string): string =>
  JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/\\([bfnrt])/g, (escape, letter: string, at: number, all: string) => {
      const before = /\\*$/.exec(all.slice(0, at))?.[0].length ?? 0;
      const code = { b: '0008', f: '000c', n: '000a', r: '000d', t: '0009' }[letter];
      return before % 2 === 0 && code !== undefined ? `\\u${code}` : escape;
    });

const pair = (key: string, value: string): string => `{"key":${text(key)},"value":${value}}`;

const typed = (name: string, members: string): string => `{"__type":${text(`${name}:${XRM}`)},${members}}`;

const offsetText = (minutes: number): string => {
  const abs = Math.abs(minutes);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(abs / 60))}${two(abs % 60)}`;
};

const choice = (value: number): string => typed('OptionSetValue', `"Value":${value}`);

const entities = (rows: readonly RowContent[]): string => rows.map((row) => `{${rowMembers(row)}}`).join(',');

/** A row's members, without its type. */
function rowMembers(row: RowContent): string {
  const attributes = [...row.columns].map(([name, value]) => pair(name, writeValue(value)));
  const formatted = [...row.formatted].map(([name, value]) => pair(name, value === null ? 'null' : text(value)));
  const keys = [...row.keyAttributes].map(([name, value]) => pair(name, writeValue(value)));
  return (
    `"Attributes":[${attributes.join(',')}],"EntityState":null,"FormattedValues":[${formatted.join(',')}],` +
    `"Id":${text(row.id)},"KeyAttributes":[${keys.join(',')}],"LogicalName":${text(row.table)},"RelatedEntities":[],` +
    `"RowVersion":${row.rowVersion === null ? 'null' : text(row.rowVersion)}`
  );
}

/** One value where the declared type is object. */
export function writeValue(value: Value): string {
  if (value === null) return 'null';
  switch (value.kind) {
    case 'string':
      return text(value.value);
    case 'boolean':
      return String(value.value);
    case 'number':
      return value.text;
    case 'money':
      return typed('Money', `"Value":${value.text}`);
    case 'instant':
      return `"\\/Date(${value.epochMs})\\/"`;
    case 'offsetTime':
      return `"\\/Date(${value.epochMs}${offsetText(value.offsetMinutes)})\\/"`;
    case 'choice':
      return choice(value.value);
    case 'choices':
      return `[${value.values.map(choice).join(',')}]`;
    case 'lookup': {
      const name = value.name === null ? 'null' : text(value.name);
      const members = `"Id":${text(value.id)},"KeyAttributes":[],"LogicalName":${text(value.table)},"Name":${name},"RowVersion":null`;
      return typed('EntityReference', members);
    }
    case 'managed':
      return typed(
        'BooleanManagedProperty',
        `"CanBeChanged":${value.canBeChanged},"ManagedPropertyLogicalName":${text(value.property)},"Value":${value.value}`,
      );
    case 'aliased':
      return typed(
        'AliasedValue',
        `"AttributeLogicalName":${text(value.column)},"EntityLogicalName":${text(value.table)},"NeedFormatting":true,"ReturnType":0,"Value":${writeValue(value.value)}`,
      );
    case 'relationship': {
      const role = value.role === null ? 'null' : String(['Referencing', 'Referenced'].indexOf(value.role));
      return typed('Relationship', `"PrimaryEntityRole":${role},"SchemaName":${text(value.schemaName)}`);
    }
    case 'pairs': {
      const type = text('KeyValuePairOfstringstring:#System.Collections.Generic');
      return `[${value.entries.map(([key, item]) => `{"__type":${type},"key":${text(key)},"value":${text(item)}}`).join(',')}]`;
    }
    case 'row':
      return typed('Entity', rowMembers(value.row));
    case 'rows':
      return typed(
        'EntityCollection',
        `"Entities":[${entities(value.rows)}],"EntityName":${text(value.table)},"MinActiveRowVersion":null,"MoreRecords":false,"PagingCookie":null,"TotalRecordCount":-1,"TotalRecordCountLimitExceeded":false`,
      );
    case 'list':
      return `[${value.items.map(writeValue).join(',')}]`;
    case 'unknown':
      return value.json;
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'double':
    case 'wallTime':
    case 'date':
    case 'guid':
    case 'bytes':
      throw new Error(`JSON has no ${value.kind}`);
  }
}

/** An asynchronous Update, with some parameters and shared variables. */
export function writeContext(
  row: { readonly table: string; readonly id: string },
  parameters: readonly (readonly [string, Value])[],
  variables: readonly (readonly [string, Value])[] = [],
  images: readonly (readonly [string, RowContent])[] = [],
): string {
  const id = '"1b163981-6f69-42a8-a19f-420142442631"';
  const named = (list: readonly (readonly [string, Value])[]): string =>
    list.map(([name, value]) => pair(name, writeValue(value))).join(',');
  return (
    `{"BusinessUnitId":${id},"CorrelationId":${id},"Depth":1,"InitiatingUserId":${id},` +
    `"InputParameters":[${named(parameters)}],"IsExecutingOffline":false,"IsInTransaction":false,` +
    `"IsOfflinePlayback":false,"IsolationMode":1,"MessageName":"Update","Mode":1,` +
    `"OperationCreatedOn":"\\/Date(1775135111000+0000)\\/","OperationId":${id},"OrganizationId":${id},` +
    `"OrganizationName":"org5c1d7e90","OutputParameters":[],` +
    `"OwningExtension":{"Id":${id},"KeyAttributes":[],"LogicalName":"sdkmessageprocessingstep","Name":null,"RowVersion":null},` +
    `"ParentContext":null,"PostEntityImages":[${images.map(([alias, image]) => pair(alias, `{${rowMembers(image)}}`)).join(',')}],` +
    `"PreEntityImages":[],"PrimaryEntityId":${text(row.id)},"PrimaryEntityName":${text(row.table)},"RequestId":${id},` +
    `"SecondaryEntityName":"none","SharedVariables":[${named(variables)}],"Stage":40,"UserId":${id}}`
  );
}

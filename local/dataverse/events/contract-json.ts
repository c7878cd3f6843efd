import type { ContractValue, Members, Scalar } from './contract-value';
import { writeJson, writeString } from '../web-api/json-text';

const quoted = (text: string): string => writeString(text, 'dataContract');

const typeMember = (name: string): string => `"__type":${quoted(name)},`;

/** What a value is declared as: where it is object, its type is named, always first; elsewhere never. */
type Declared = 'object' | 'own';

function scalarJson(value: Scalar): string {
  switch (value.kind) {
    case 'string':
    case 'guid':
      return quoted(value.text);
    case 'long':
    case 'decimal':
      return value.text;
    case 'boolean':
      return String(value.flag);
    case 'bytes':
      return `[${[...Buffer.from(value.base64, 'base64')].join(',')}]`;
    case 'int':
    case 'double':
    case 'enum':
      return writeJson(value.number, 'dataContract');
    case 'dateTime':
      return quoted(`/Date(${value.epochMs}${value.zone === 'utc' ? '' : '+0000'})/`);
    default:
      return value satisfies never;
  }
}

const membersJson = (members: Members): string =>
  Object.entries(members)
    .map(([name, value]) => `${quoted(name)}:${valueJson(value, 'own')}`)
    .join(',');

function valueJson(value: ContractValue, declared: Declared): string {
  if (value === null) return 'null';
  switch (value.kind) {
    case 'object': {
      const type = typeMember(`${value.type}:http://schemas.microsoft.com/xrm/2011/Contracts`);
      return `{${declared === 'object' ? type : ''}${membersJson(value.members)}}`;
    }
    case 'list':
      // A list has no type of its own: its items tell theirs.
      return `[${value.items.map((item) => valueJson(item, declared)).join(',')}]`;
    case 'pairs': {
      const type =
        value.type === 'dictionary' ? typeMember('KeyValuePairOfstringstring:#System.Collections.Generic') : '';
      const of = value.type === 'anyType' ? 'object' : 'own';
      const pairs = value.pairs.map(
        ({ key, value: item }) => `{${type}"key":${quoted(key)},"value":${valueJson(item, of)}}`,
      );
      return `[${pairs.join(',')}]`;
    }
    default:
      return scalarJson(value);
  }
}

/** The members of a contract as DataContractJsonSerializer writes them. */
export const contractJson = (members: Members): Buffer => Buffer.from(`{${membersJson(members)}}`, 'utf8');

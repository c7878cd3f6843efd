import type { Resource, Source, Sources } from '../bicep/source';
import { child, literal, member, members, part, type Syntax } from '../bicep/syntax';

/**
 * The built-in roles that the app may have, with their ids. No role that manages anything is among them.
 * https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
 */
const ROLES: Readonly<Record<string, string>> = {
  'Azure Event Hubs Data Receiver': 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde',
  'Azure Service Bus Data Receiver': '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0',
  'Azure Service Bus Data Sender': '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39',
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6',
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb',
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
};

/** The file that exports the ids. */
export const ROLE_FILE = 'modules/role-ids.bicep';

/** Roles that aren't known, rights that are too wide, assignments without a scope of their own, keys that may do more than send. */
export function rightFaults(sources: Sources): string[] {
  const ids = sources.get(ROLE_FILE)?.variables.find(({ name }) => name === 'roleIds')?.value;
  return [
    ...(ids === undefined ? [] : idFaults(ids)),
    ...[...sources.values()].flatMap((source) =>
      source.resources.flatMap((resource) => {
        const [type = ''] = resource.type.split('@');
        const at = (fault: string): string => `${source.file}:${resource.line}: ${resource.symbol}: ${fault}`;
        if (type === 'Microsoft.Authorization/roleAssignments') return assignmentFaults(resource, source).map(at);
        if (type.endsWith('/authorizationRules')) return keyFaults(type, resource).map(at);
        return [];
      }),
    ),
  ];
}

const memberName = (role: string): string => {
  const name = role.replaceAll(' ', '');
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
};

function idFaults(ids: Syntax): string[] {
  const roles = new Map(Object.entries(ROLES).map(([role, id]) => [memberName(role), id]));
  return members(ids).flatMap(({ key = '', value, line }) => {
    const id = roles.get(key);
    if (id === undefined) return [`${ROLE_FILE}:${line}: no role ${key} may be given`];
    return id === literal(value) ? [] : [`${ROLE_FILE}:${line}: ${key} isn't that role's id`];
  });
}

function assignmentFaults({ body }: Resource, source: Source): string[] {
  const scope = member(body, 'scope');
  const properties = member(body, 'properties');
  const definition = member(properties, 'roleDefinitionId');
  const [type, role] = child(definition ?? body, 'arguments')?.children ?? [];
  const parts = child(member(body, 'name') ?? body, 'arguments')?.children.map(({ text }) => text) ?? [];
  const faults: string[] = [];
  if (scope?.kind !== 'identifier' || !source.resources.some(({ symbol }) => symbol === scope.text))
    faults.push('its scope must be a single resource');
  if (
    (definition && part(definition, 'function')?.text) !== 'subscriptionResourceId' ||
    literal(type) !== 'Microsoft.Authorization/roleDefinitions' ||
    !/^roleIds\.\w+$/.test(role?.text ?? '')
  )
    faults.push('its role must be one of roleIds');
  // Two assignments of one name would be one.
  if (parts.join(' ') !== `${scope?.text ?? ''}.id principalId ${role?.text ?? ''}`)
    faults.push('its name must be made of its scope, identity and role');
  if (literal(member(properties, 'principalType')) !== 'ServicePrincipal')
    faults.push('it must say that the identity is a service principal');
  return faults;
}

function keyFaults(type: string, { body }: Resource): string[] {
  const rights = member(member(body, 'properties'), 'rights');
  return [
    ...(type.split('/').length > 3 ? [] : ['a key must be of one queue, topic or hub, not of the whole namespace']),
    ...(rights?.children.map(literal).join() === 'Send' ? [] : ['a key may only send']),
  ];
}

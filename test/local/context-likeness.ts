/** Compares contexts of the simulator with contexts written by .NET's serialiser or captured for real. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { members, text, type Json, type Members } from './simulator-client';

/** Members that only some versions of the platform send. */
const OPTIONAL = new Set([
  'InitiatingUserAgent',
  'InitiatingUserAzureActiveDirectoryObjectId',
  'UserAzureActiveDirectoryObjectId',
]);

/** How two documents differ in members, their order and their types; keyed pairs are compared by key. */
export function differences(actual: Json, expected: Json, path = ''): string[] {
  const nullable = /(RequestId|\.Name|RowVersion|ParentContext)$/.test(path);
  if ((actual === null || expected === null) && nullable) return [];
  const kind = (json: Json): string => (json === null ? 'null' : Array.isArray(json) ? 'list' : typeof json);
  if (kind(actual) !== kind(expected)) return [`${path}: ${kind(actual)}, not ${kind(expected)}`];
  if (typeof actual === 'string' && /Id$|CreatedOn$|__type$/.test(path)) {
    const shape = (value: string): string =>
      value.replace(/\(-?\d+/, '(ms').replace(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'guid');
    const like = text(expected);
    return shape(actual) === shape(like) ? [] : [`${path}: ${actual}, not like ${like}`];
  }
  if (Array.isArray(actual) && Array.isArray(expected)) return listDifferences(actual, expected, path);
  if (typeof actual !== 'object' || actual === null) return [];
  const names = (json: Json): string[] => Object.keys(members(json)).filter((name) => !OPTIONAL.has(name));
  const [have, want] = [names(actual).join(), names(expected).join()];
  if (have !== want) return [`${path}: members ${have}, not ${want}`];
  return names(actual).flatMap((name) =>
    differences(members(actual)[name] ?? null, members(expected)[name] ?? null, `${path}.${name}`),
  );
}

function listDifferences(actual: Json[], expected: Json[], path: string): string[] {
  const keyed = (json: Json | undefined): json is Members => typeof json === 'object' && json !== null && 'key' in json;
  return actual.flatMap((item) => {
    if (!keyed(item)) {
      const like = expected[0];
      return like === undefined ? [] : differences(item, like, `${path}[]`);
    }
    const same = expected.find((other) => keyed(other) && other.key === item.key && other.value !== null);
    if (same !== undefined && item.value !== null) return differences(item, same, `${path}[${text(item.key)}]`);
    const like = expected.find(keyed);
    return like !== undefined && Object.keys(like).join() !== Object.keys(item).join()
      ? [`${path}: pair ${Object.keys(item).join()}`]
      : [];
  });
}

export const FIXTURES = [join(__dirname, '../fixtures'), join(__dirname, '../../../shared/fixtures')].find(
  (directory) => existsSync(join(directory, 'create-account.json')),
);
export function document(directory: string | undefined, name: string): Members | undefined {
  const path = directory === undefined ? '' : join(directory, name);
  return existsSync(path) ? members(JSON.parse(readFileSync(path, 'utf8').replace(/^\ufeff/, '')) as Json) : undefined;
}

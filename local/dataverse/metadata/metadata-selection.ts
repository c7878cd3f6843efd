import { noProperty } from '../dataverse-error';
import { isObject, type Json } from '../web-api/json-text';
import type { Metadata } from './metadata-json';
import { compileFilter, type Comparable } from '../web-api/odata-filter';

/** Members named by `$select` (all without one); MetadataId always comes along. */
export function selected(members: Metadata, select: readonly string[] | undefined, type: string): Record<string, Json> {
  if (select === undefined) return { ...members };
  const result: Record<string, Json> = {};
  for (const name of select) {
    const value = members[name];
    if (value === undefined) throw noProperty(name, type);
    result[name] = value;
  }
  return { ...result, MetadataId: members.MetadataId ?? null };
}

/** Do the members satisfy a `$filter`? */
export function matches(members: Metadata, filter: string | undefined): boolean {
  if (filter === undefined) return true;
  return compileFilter(filter)((path): Comparable => {
    let value: Json | undefined = members;
    for (const name of path.split('/')) value = value !== undefined && isObject(value) ? value[name] : undefined;
    return typeof value === 'object' && value !== null ? undefined : value;
  });
}

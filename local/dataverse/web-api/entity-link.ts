import type { Catalog } from '../metadata/catalog';
import { badRequest } from '../dataverse-error';
import type { Json } from './json-text';
import { isGuid, type Reference } from '../rows/value';

/** The row that a URL, absolute or relative, leads to: `accounts(…)`. */
export function readEntityLink(catalog: Catalog, link: Json | undefined): Reference {
  const text = typeof link === 'string' ? link : '';
  const [, set = '', id = ''] = /\b([a-z_]\w*)\(([^)]*)\)$/i.exec(text) ?? [];
  const table = catalog.bySet(set);
  if (table === undefined) throw badRequest(`The reference '${JSON.stringify(link ?? null)}' leads to no table.`);
  return { table: table.logicalName, id };
}

/** The id in a row's key: `00000000-…`, or with the name of the primary id. */
export function readKey(key: string, primaryId: string): string {
  const [, name, text = ''] = /^(?:(\w+)=)?'?([^']*)'?$/.exec(key) ?? [];
  const id = text.toLowerCase();
  if ((name !== undefined && name !== primaryId) || !isGuid(id)) {
    throw badRequest(`The key '${key}' is not supported: only the primary id is.`, '0x80060888');
  }
  return id;
}

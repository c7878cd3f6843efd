/** Mappings for tests, as a file would say them. */
import { compileMapping } from '../../shared/mapping/compile-mapping';
import type { Mapping } from '../../shared/mapping/mapping';
import { readMapping } from '../../shared/mapping/read-mapping';
import { hashWith } from '../../shared/mapping/redact';
import type { MappingContext } from '../../shared/mapping/table-mapping';

/** A key for hashed columns. */
export const KEY = Buffer.alloc(32, 7);

/** What a mapping made without a file needs of one. */
export const CONTEXT: MappingContext = { hash: hashWith(KEY), languages: [], newColumns: 'backfill' };

/** The mapping that a file means, which must have no faults. */
export function mappingOf(text: string, key: Uint8Array = KEY): Mapping {
  const read = readMapping('mapping.yaml', text);
  if (!read.ok) throw new Error(read.faults.join('\n'));
  return compileMapping(read.file, hashWith(key));
}

/** The faults of a file. */
export function faultsOf(text: string): readonly string[] {
  const read = readMapping('mapping.yaml', text);
  return read.ok ? [] : read.faults;
}

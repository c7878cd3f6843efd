import type { RowChange } from '../change/row-change';
import type { TableDefinition } from './table-definition';
import type { TableMapping } from './table-mapping';

/**
 * A pushed change with only what a read of its row brings too, so that both are stored the same.
 *
 * A push has an image's bytes as someone sent them, or not at all; a read has the thumbnail that Dataverse made of them, and
 * the address and time that came with it. So the bytes are left out, and where anything of the image is kept the change isn't
 * sure: the row is read.
 * https://learn.microsoft.com/power-apps/developer/data-platform/image-column-data#use-image-data-with-records
 */
export function asRead(change: RowChange, definition: TableDefinition, mapping: TableMapping): RowChange {
  if (change.kind === 'delete') return change;
  const columns = new Map(change.columns);
  for (const name of change.columns.keys()) {
    const column = definition.columns.get(name);
    if (column?.type === 'bytes' || mapping.isGuess(name, column)) columns.delete(name);
  }
  const { evidence } = change;
  const isSure = evidence.kind !== 'event' || !lacksImage(change, definition, mapping);
  return { ...change, columns, evidence: isSure ? evidence : { ...evidence, isTrusted: false } };
}

/** Whether the row has something of an image that is kept, which the change doesn't bring as it is. */
function lacksImage(
  change: Exclude<RowChange, { kind: 'delete' }>,
  definition: TableDefinition,
  mapping: TableMapping,
): boolean {
  const images = mapping.images(definition);
  if (change.kind === 'snapshot') return images.length > 0;
  return [...change.columns.keys()].some((name) => {
    const column = definition.columns.get(name);
    const image = column?.type === 'bytes' ? name : (column?.partOf ?? '');
    if (images.includes(image)) return true;
    return (
      column?.type === 'bytes' &&
      [...definition.columns.values()].some((part) => part.partOf === name && mapping.reads(part))
    );
  });
}

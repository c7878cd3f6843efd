import type { ParkedItem, ParkedSummary } from '../../../shared/parking/parking';
import type { TableParking } from '../../../shared/parking/table-parking';
import { UsageError } from '../terminal/terminal';

/** So many of those that an abbreviation can mean are named. */
const NAMED = 5;

/**
 * The ids that abbreviations mean, each once: an id's beginning, or the beginning of a delivery's hash.
 *
 * @throws UsageError naming every one that means nothing or several
 */
export async function idsOf(
  parking: Pick<TableParking, 'startingWith'>,
  given: readonly string[],
): Promise<readonly string[]> {
  const found = new Set<string>();
  const faults: string[] = [];
  for (const text of given) {
    const meant = await meantBy(parking, text);
    const [id, ...others] = meant;
    if (id === undefined) faults.push(`${text} matches no parked item`);
    else if (others.length === 0) found.add(id);
    else faults.push(`${text} matches ${meant.slice(0, NAMED).join(', ')}${meant.length > NAMED ? ', ...' : ''}`);
  }
  if (faults.length > 0) throw new UsageError(faults.join('; '));
  return [...found];
}

async function meantBy(parking: Pick<TableParking, 'startingWith'>, text: string): Promise<readonly string[]> {
  if (text === '') return [];
  const ofHash = /^[0-9a-f]+$/i.test(text) ? await beginningWith(parking, `delivery-${text.toLowerCase()}`) : [];
  return ofHash.length > 0 ? ofHash : beginningWith(parking, text);
}

async function beginningWith(
  parking: Pick<TableParking, 'startingWith'>,
  beginning: string,
): Promise<readonly string[]> {
  const meant: string[] = [];
  for await (const { id } of parking.startingWith(beginning)) {
    // One that is exactly it comes first and is meant, whatever else begins so.
    if (id === beginning) return [id];
    meant.push(id);
    if (meant.length > NAMED) break;
  }
  return meant;
}

/** An item that was just found, with its body. @throws Error where it has been processed since */
export const itemOf = async (parking: Pick<TableParking, 'find'>, id: string): Promise<ParkedItem> =>
  stillParked(id, await parking.find(id));

/** An item that was just found, without its body. @throws Error where it has been processed since */
export const summaryOf = async (parking: Pick<TableParking, 'summary'>, id: string): Promise<ParkedSummary> =>
  stillParked(id, await parking.summary(id));

function stillParked<T>(id: string, found: T | undefined): T {
  if (found === undefined) throw new Error(`${id} is no longer parked. It was processed meanwhile.`);
  return found;
}

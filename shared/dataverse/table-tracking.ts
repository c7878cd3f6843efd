import { OutboundError } from '../errors/errors';
import { definitionIsMissing } from './definitions';
import { TableUnknown } from './metadata';
import type { WebApi } from './web-api';

/** Whether a table's changes are tracked; `impossible`: they aren't, and the platform doesn't allow it. */
export type Tracking = 'on' | 'off' | 'impossible';

/** Thrown when change tracking can't be enabled for a table. */
export class TrackingImpossible extends OutboundError {
  constructor(table: string) {
    super(
      'tracking-impossible',
      `Dataverse doesn't allow change tracking for table ${table} (CanChangeTrackingBeEnabled is false), so it can't be ` +
        `pulled. Take it out of SYNC_TABLES.`,
    );
  }
}

/** Thrown when a table that was changed and published doesn't show it. */
export class TrackingUnconfirmed extends OutboundError {
  constructor(table: string) {
    super(
      'tracking-unconfirmed',
      `Table ${table} was changed and published, but doesn't show change tracking yet. Look again: dvo tracking show ${table}.`,
    );
  }
}

/** What a table's definition says of its change tracking. */
export interface TrackingMetadata {
  readonly ChangeTrackingEnabled: boolean;
  readonly CanChangeTrackingBeEnabled?: { readonly Value?: boolean };
}

const pathOf = (table: string): string => `EntityDefinitions(LogicalName='${encodeURIComponent(table)}')`;

/** Whether a table's changes are tracked, by its definition. */
export const trackingOf = ({
  ChangeTrackingEnabled: on,
  CanChangeTrackingBeEnabled: can,
}: TrackingMetadata): Tracking => (on ? 'on' : can?.Value === false ? 'impossible' : 'off');

/** Whether a table's changes are tracked, as it is published. @throws TableUnknown */
export async function readTracking(api: Pick<WebApi, 'getCurrent'>, table: string): Promise<Tracking> {
  const { body } = await definitionOf(api, table, '?$select=ChangeTrackingEnabled,CanChangeTrackingBeEnabled');
  return trackingOf(JSON.parse(body) as TrackingMetadata);
}

/**
 * Enables change tracking for a table, for good: the whole definition is read, sent back with that one property changed
 * (a definition can only be replaced), published, and read again.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/create-update-entity-definitions-using-web-api#update-table-definitions
 *
 * @returns what it was before: nothing is changed where it is on
 * @throws TableUnknown, TrackingImpossible, TrackingUnconfirmed, WebApiError
 */
export async function enableTracking(
  api: Pick<WebApi, 'getCurrent' | 'change'>,
  table: string,
): Promise<Exclude<Tracking, 'impossible'>> {
  const definition = JSON.parse((await definitionOf(api, table)).body) as TrackingMetadata;
  const before = trackingOf(definition);
  if (before === 'on') return before;
  if (before === 'impossible') throw new TrackingImpossible(table);
  // Without the header, labels in other languages than the user's would be lost.
  const headers = { 'MSCRM.MergeLabels': 'true' };
  await api.change('PUT', pathOf(table), { ...definition, ChangeTrackingEnabled: true }, headers);
  await api.change('POST', 'PublishXml', {
    ParameterXml: `<importexportxml><entities><entity>${table}</entity></entities></importexportxml>`,
  });
  if ((await readTracking(api, table)) !== 'on') throw new TrackingUnconfirmed(table);
  return before;
}

async function definitionOf(api: Pick<WebApi, 'getCurrent'>, table: string, select = ''): Promise<{ body: string }> {
  try {
    return await api.getCurrent(pathOf(table) + select);
  } catch (error) {
    if (definitionIsMissing(error)) throw new TableUnknown(table);
    throw error;
  }
}

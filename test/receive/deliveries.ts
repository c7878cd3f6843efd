/** Bodies as Dataverse posts them, and a parking that only remembers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Associations } from '../../shared/mapping/associations';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import type { ReceiverParts } from '../../shared/receive/receiver';
import type { KeptDelivery, ParkCause, Parking } from '../../shared/parking/parking';

/** An invented event of test/fixtures, as bytes. */
export const fixture = (name: string): Buffer => readFileSync(join(__dirname, '..', 'fixtures', `${name}.json`));

/** The contact of `update-contact`. */
export const CONTACT = { table: 'contact', id: '445649e8-8ab9-47f8-9a6b-d999b67edfb2' };

/** A receiver's parts as they are without a mapping and without a Web API. */
export const UNMAPPED: Omit<ReceiverParts, 'writer' | 'parking'> = {
  events: { append: (events) => Promise.resolve(events.map(() => ({ kind: 'stored' }))) },
  catalog: undefined,
  associations: new Associations({ tables: [], relationships: [] }, undefined),
  mapping: DEFAULT_MAPPING,
  organization: { check: () => Promise.resolve() },
};

export class RecordingParking implements Parking {
  readonly parked: { readonly delivery: KeptDelivery; readonly cause: ParkCause; readonly dueAtMs?: number }[] = [];
  /** Set to make parking fail. */
  failure: Error | undefined;

  parkDelivery(delivery: KeptDelivery, cause: ParkCause, dueAtMs?: number): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.parked.push({ delivery, cause, ...(dueAtMs === undefined ? {} : { dueAtMs }) });
    return Promise.resolve();
  }
  parkRow = (): Promise<void> => Promise.reject(new Error('no row is parked here'));
  due = (): Promise<[]> => Promise.resolve([]);
  remove = (): Promise<void> => Promise.resolve();
  postpone = (): Promise<void> => Promise.resolve();
}

import type { InboundWriterParts } from '../../shared/inbound/inbound-writer';
import type { InboundRecord } from '../../shared/inbound/record';
import type { FileInbound } from '../../shared/mapping/inbound-schema';
import type { LobStore } from '../../shared/lob/store';
import type { Parking } from '../../shared/parking/parking';
import type { CopySender } from '../../shared/receive/delayed-copies';
import type { Leases, PullStateStore } from '../../shared/sync/pull-state';
import type { PullSyncParts } from '../../shared/sync/pull-run';
import type { TombstonePurgeParts } from '../../shared/sync/tombstone-purge';
import type { RowReader } from '../../shared/writer/read-back';
import type { Writer, WriterOptions } from '../../shared/writer/writer';

/** What surrounds the parts of one world: the same for both of its instances. */
export interface Variant {
  readonly store?: (store: LobStore) => LobStore;
  /** `now`: of the instance. */
  readonly reader?: (reader: RowReader, now: () => number) => RowReader;
  readonly states?: (states: PullStateStore) => PullStateStore;
  readonly leases?: (leases: Leases) => Leases;
  /** The writer as the receiver knows it. */
  readonly receiving?: (writer: Pick<Writer, 'process'>) => Pick<Writer, 'process'>;
  readonly writer?: (options: WriterOptions) => WriterOptions;
  /** As much later than it arrives an event may be dated, in seconds. @default the rule's margin */
  readonly lateDates?: number;
  readonly pull?: (parts: PullSyncParts) => PullSyncParts;
  readonly parking?: (parking: Parking) => Parking;
  readonly copies?: (sender: CopySender) => CopySender;
  readonly inbound?: {
    readonly decide?: InboundWriterParts['decide'];
    /** A record as whoever sees to owned columns reads it. */
    readonly seen?: (record: InboundRecord) => InboundRecord;
    /** Other owners of columns. */
    readonly rules?: FileInbound['columns'];
  };
  readonly purge?: (parts: TombstonePurgeParts) => TombstonePurgeParts;
}

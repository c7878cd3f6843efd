import { types } from 'rhea';
import { arrayOf, textOf } from './amqp-types';
import type { EventHub } from './event-hub';
import { unknownOperation, type Reply, type Request } from './management-request';

/** Answers what a client asks about an event hub or one of its partitions. */
export function manageHub(hub: EventHub, request: Request): Reply {
  if (request.operation !== 'READ') throw unknownOperation(request);
  return request.properties.type === 'com.microsoft:partition' ? readPartition(hub, request) : readHub(hub);
}

function readHub(hub: EventHub): Reply {
  const ids = hub.partitions.map((partition) => partition.id);
  return {
    status: 200,
    body: {
      name: hub.name,
      type: 'com.microsoft:eventhub',
      created_at: types.wrap_timestamp(hub.createdAt),
      partition_count: types.wrap_int(ids.length),
      partition_ids: arrayOf('string', ids),
      georeplication_factor: types.wrap_int(1),
    },
  };
}

function readPartition(hub: EventHub, request: Request): Reply {
  const partition = hub.partition(textOf(request.properties.partition) ?? '');
  return {
    status: 200,
    body: {
      name: hub.name,
      type: 'com.microsoft:partition',
      partition: partition.id,
      begin_sequence_number: types.wrap_long(0),
      last_enqueued_sequence_number: types.wrap_long(partition.end.sequence),
      last_enqueued_offset: String(partition.end.offset),
      last_enqueued_time_utc: types.wrap_timestamp(partition.end.enqueuedAt),
      is_partition_empty: partition.size === 0,
    },
  };
}

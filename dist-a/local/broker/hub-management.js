"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.manageHub = manageHub;
const rhea_1 = require("rhea");
const amqp_types_1 = require("./amqp-types");
const management_request_1 = require("./management-request");
/** Answers what a client asks about an event hub or one of its partitions. */
function manageHub(hub, request) {
    if (request.operation !== 'READ')
        throw (0, management_request_1.unknownOperation)(request);
    return request.properties.type === 'com.microsoft:partition' ? readPartition(hub, request) : readHub(hub);
}
function readHub(hub) {
    const ids = hub.partitions.map((partition) => partition.id);
    return {
        status: 200,
        body: {
            name: hub.name,
            type: 'com.microsoft:eventhub',
            created_at: rhea_1.types.wrap_timestamp(hub.createdAt),
            partition_count: rhea_1.types.wrap_int(ids.length),
            partition_ids: (0, amqp_types_1.arrayOf)('string', ids),
            georeplication_factor: rhea_1.types.wrap_int(1),
        },
    };
}
function readPartition(hub, request) {
    const partition = hub.partition((0, amqp_types_1.textOf)(request.properties.partition) ?? '');
    return {
        status: 200,
        body: {
            name: hub.name,
            type: 'com.microsoft:partition',
            partition: partition.id,
            begin_sequence_number: rhea_1.types.wrap_long(0),
            last_enqueued_sequence_number: rhea_1.types.wrap_long(partition.end.sequence),
            last_enqueued_offset: String(partition.end.offset),
            last_enqueued_time_utc: rhea_1.types.wrap_timestamp(partition.end.enqueuedAt),
            is_partition_empty: partition.size === 0,
        },
    };
}
//# sourceMappingURL=hub-management.js.map
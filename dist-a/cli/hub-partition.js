"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.PartitionStopped = void 0;
exports.readPartition = readPartition;
const errors_1 = require("../shared/errors");
const close_soon_1 = require("./close-soon");
const hub_position_1 = require("./hub-position");
const BATCH = 100;
/** A partition that brings nothing for so long before its end is reached is given up. */
const IDLE_LIMIT_SECONDS = 60;
/** Thrown when a partition couldn't be read, or its events not be taken, to the end. */
class PartitionStopped extends Error {
    name = 'PartitionStopped';
    constructor(partition, from, reason) {
        const again = from === undefined ? '' : ` Go on with --partition ${partition} --from ${from}.`;
        super(`Partition ${partition} stopped: ${reason}.${again}`);
    }
}
exports.PartitionStopped = PartitionStopped;
/**
 * Reads a partition in order to the end that it had, batch by batch; the next one comes when the one before is taken.
 * It keeps no checkpoint and claims no ownership.
 *
 * @throws PartitionStopped naming the position to go on from
 */
async function readPartition(client, { partition, from, toMs = Infinity, end }, take) {
    let next;
    let subscription;
    try {
        await new Promise((resolve, reject) => {
            let isOver = false;
            const over = (action) => {
                isOver = true;
                action();
            };
            subscription = client.subscribe(partition, {
                processEvents: async (events) => {
                    if (isOver)
                        return;
                    if (events.length === 0) {
                        over(() => reject(new Error(`nothing came for ${IDLE_LIMIT_SECONDS} s`)));
                        return;
                    }
                    const wanted = events.filter(({ sequenceNumber, enqueuedTimeUtc }) => sequenceNumber <= end.lastEnqueuedSequenceNumber && enqueuedTimeUtc.getTime() <= toMs);
                    next = wanted[0]?.offset ?? next;
                    try {
                        if (wanted.length > 0)
                            await take(wanted);
                    }
                    catch (error) {
                        over(() => reject(error instanceof Error ? error : new Error(String(error))));
                        return;
                    }
                    const isLast = wanted.at(-1)?.sequenceNumber === end.lastEnqueuedSequenceNumber;
                    if (isLast || wanted.length < events.length)
                        over(resolve);
                },
                processError: (error) => {
                    if (!isOver)
                        over(() => reject(error));
                    return Promise.resolve();
                },
            }, {
                startPosition: (0, hub_position_1.positionOf)(from),
                maxBatchSize: BATCH,
                maxWaitTimeInSeconds: IDLE_LIMIT_SECONDS,
                skipParsingBodyAsJson: true,
            });
        });
    }
    catch (error) {
        throw new PartitionStopped(partition, next, reasonOf(error));
    }
    finally {
        await (0, close_soon_1.closeSoon)(subscription?.close());
    }
}
/** Names the way out where another reader owns the partition. */
const reasonOf = (error) => error.code === 'ReceiverDisconnectedError'
    ? 'another reader of the consumer group owns it, as the app does in its own: name one with --consumer-group'
    : (0, errors_1.messageOf)(error).replace(/\.$/, '');
//# sourceMappingURL=hub-partition.js.map
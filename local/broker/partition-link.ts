import type { Sender } from 'rhea';
import { numberOf, recordOf, textOf } from './amqp-types';
import { BrokerError, CONDITION } from './broker-error';
import { LATEST, type Partition, type Reader, type StartPosition } from './partition';
import { answerDrain, roomOf } from './rhea-internals';
import type { Entities } from './topology';

const ADDRESS = /^(.+)\/consumergroups\/([^/]+)\/partitions\/([^/]+)$/i;

/** The address of a partition as a consumer group sees it. */
export interface PartitionAddress {
  readonly hub: string;
  readonly consumerGroup: string;
  readonly partition: string;
}

/** Reads `<hub>/ConsumerGroups/<group>/Partitions/<id>`; undefined for any other address. */
export function partitionAddress(address: string): PartitionAddress | undefined {
  const [, hub, consumerGroup, partition] = ADDRESS.exec(address) ?? [];
  if (hub === undefined || consumerGroup === undefined || partition === undefined) return undefined;
  return { hub, consumerGroup, partition };
}

/** The source filter that names the start position. */
const SELECTOR_FILTER = 'apache.org:selector-filter:string';
/** JavaScript's client puts the value into quotes, .NET's doesn't. */
const SELECTOR = /^amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time)\s*(>=?)\s*(?:'([^']*)'|(\S+))$/;

const SELECTOR_FIELDS: Readonly<Record<string, StartPosition['field']>> = {
  offset: 'offset',
  'sequence-number': 'sequence',
  'enqueued-time': 'enqueuedAt',
};

/**
 * Opens a link over which a client reads a partition. Throws when there is none, or its owner has a higher epoch.
 *
 * @returns to be called when the link is gone
 */
export function openPartitionLink(
  sender: Sender,
  entities: Entities,
  address: string,
  { hub: hubName, consumerGroup, partition: id }: PartitionAddress,
): () => void {
  const hub = entities.hub(hubName);
  if (!hub.hasConsumerGroup(consumerGroup)) throw BrokerError.entityNotFound(address);
  const partition = hub.partition(id);
  const filter = recordOf(recordOf(sender.source).filter);
  sender.set_source({ address, filter });
  const reader = readerOver(sender, consumerGroup.toLowerCase());
  partition.attach(reader, startPosition(filter[SELECTOR_FILTER]));
  feedOnCredit(sender, partition, reader);
  return () => partition.detach(reader);
}

function readerOver(sender: Sender, consumerGroup: string): Reader {
  const epoch = recordOf(sender.properties)['com.microsoft:epoch'];
  return {
    consumerGroup,
    epoch: epoch === undefined || epoch === null ? undefined : numberOf(epoch),
    wantsEnd: [sender.desired_capabilities].flat().map(String).includes('com.microsoft:enable-receiver-runtime-metric'),
    room: () => roomOf(sender),
    deliver: (encoded) => void sender.send(encoded, undefined, 0),
    disconnect: ({ condition, message }) => sender.close({ condition, description: message }),
  };
}

function feedOnCredit(sender: Sender, partition: Partition, reader: Reader): void {
  sender.on('sendable', () => partition.feed(reader));
  sender.on('sender_draining', () => {
    partition.feed(reader);
    answerDrain(sender);
  });
}

/** The selector comes as a described string. Throws for one that says something else. */
function startPosition(filter: unknown): StartPosition | undefined {
  const selector = textOf(filter) ?? textOf(recordOf(filter).value);
  if (selector === undefined) return undefined;
  const [, name = '', comparison, quoted, bare] = SELECTOR.exec(selector) ?? [];
  const field = SELECTOR_FIELDS[name];
  const value = quoted ?? bare;
  if (field === undefined || value === undefined || (value !== LATEST && !/^-?\d+$/.test(value)))
    throw new BrokerError(CONDITION.notImplemented, `The broker has no start position '${selector}'.`);
  return { field, inclusive: comparison === '>=', value };
}

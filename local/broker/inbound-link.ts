import { CONDITION, BrokerError } from './broker-error';
import { parseTransfer, type SentMessages } from './message-content';
import { transferOf } from './rhea-internals';
import type { Entities } from './topology';
import type { EventContext, Receiver } from 'rhea';

const PARTITION = /^(.+)\/partitions\/([^/]+)$/i;

/** Opens a link over which a client sends to the entity at `address`. Throws when there is none. */
export function openInbound(receiver: Receiver, entities: Entities, address: string, maxMessageSize: number): void {
  const accept = sinkAt(entities, address);
  receiver.on('message', (context: EventContext) => {
    try {
      const { encoded, format } = transferOf(context);
      if (encoded.length > maxMessageSize) throw tooLarge(encoded.length, maxMessageSize);
      accept(parseTransfer(encoded, format));
      context.delivery?.accept();
    } catch (error) {
      const { condition, message } = BrokerError.from(error);
      context.delivery?.reject({ condition, description: message });
    }
  });
}

/** What takes the messages sent to an address: a queue, a topic, an event hub or one of its partitions. */
function sinkAt(entities: Entities, address: string): (sent: SentMessages) => void {
  const [, hubName, partitionId] = PARTITION.exec(address) ?? [];
  if (hubName !== undefined && partitionId !== undefined) {
    const hub = entities.hub(hubName);
    const partition = hub.partition(partitionId);
    return (sent) => hub.send(sent, partition);
  }
  const entity = entities.at(address);
  switch (entity.kind) {
    case 'queue':
      return (sent) => entity.queue.send(sent.messages);
    case 'topic':
      return (sent) => entity.topic.send(sent.messages);
    case 'hub':
      return (sent) => entity.hub.send(sent);
  }
}

const tooLarge = (size: number, limit: number): BrokerError =>
  new BrokerError(CONDITION.messageTooLarge, `The message is ${size} bytes long; the limit is ${limit} bytes.`);

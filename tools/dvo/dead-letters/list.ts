import { visible } from '../../../shared/errors/visible';
import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import { COPY_PROPERTIES } from '../../../shared/receive/delayed-copies';
import { firstEnqueuedMs, hasTruncationMark } from '../../../shared/receive/messages';
import { aboutBody, explainBody, bodyBytes } from '../parse/explain-body';
import { textTable, timeText, Tally } from '../terminal/output';
import { UsageError, type Terminal } from '../terminal/terminal';

/** The part of a receiver that only looks. */
export type Peeker = Pick<ServiceBusReceiver, 'peekMessages'>;

/** Bodies come with the messages, so a page isn't large. */
const PAGE = 50;

/** Every dead letter, page by page, without locking any. */
export async function* peekAll(receiver: Peeker): AsyncIterable<ServiceBusReceivedMessage> {
  // The receiver remembers where it was.
  for (let page = await receiver.peekMessages(PAGE); page.length > 0; page = await receiver.peekMessages(PAGE))
    yield* page;
}

/** A message's sequence number, exact. */
export const sequenceOf = ({ sequenceNumber }: ServiceBusReceivedMessage): string => String(sequenceNumber ?? '');

const enqueuedText = ({ enqueuedTimeUtc }: ServiceBusReceivedMessage): string =>
  enqueuedTimeUtc === undefined ? '' : timeText(enqueuedTimeUtc.getTime());

const TABLE = textTable([
  { heading: 'sequence', width: 10 },
  { heading: 'enqueued at', width: 20 },
  { heading: 'deliveries', width: 10 },
  { heading: 'about', width: 24 },
  { heading: 'reason', width: 24 },
  { heading: 'description', width: 0 },
]);

/** Lists dead letters as they are peeked, then how many there are of each reason. */
export async function listDeadLetters(
  terminal: Terminal,
  receiver: Peeker,
  { limit = Infinity, json }: { readonly limit?: number; readonly json?: true },
): Promise<void> {
  const tally = new Tally();
  for await (const message of peekAll(receiver)) {
    if (tally.total === limit) {
      terminal.err(`Only the first ${limit} are shown. A higher --limit shows more.\n`);
      break;
    }
    if (json === true) await terminal.write(jsonLine(message));
    else {
      if (tally.total === 0) await terminal.write(TABLE.heading);
      await terminal.write(TABLE.line(cellsOf(message)));
    }
    tally.add(causeOf(message).reason ?? 'no reason');
  }
  if (json === true) return;
  if (tally.total === 0) terminal.err('There are no dead letters.\n');
  else terminal.out(`\n${tally.lines.map(visible).join('\n')}\n`);
}

const aboutOf = ({ body, contentType }: ServiceBusReceivedMessage): string => aboutBody(bodyBytes(body), contentType);

/** What Service Bus itself says: no more than that the message came too often. */
const NO_CAUSE = 'MaxDeliveryCountExceeded';

interface Cause {
  readonly reason: string | undefined;
  readonly description: string | undefined;
}

/** Why the message is here. Where Service Bus can't say, a delayed copy does: why the app could not settle it the last time. */
function causeOf(message: ServiceBusReceivedMessage): Cause {
  const { deadLetterReason, deadLetterErrorDescription, applicationProperties = {} } = message;
  const { [COPY_PROPERTIES.code]: code, [COPY_PROPERTIES.reason]: reason } = applicationProperties;
  if (deadLetterReason !== NO_CAUSE || typeof code !== 'string')
    return { reason: deadLetterReason, description: deadLetterErrorDescription };
  return { reason: code, description: typeof reason === 'string' ? reason : deadLetterErrorDescription };
}

function cellsOf(message: ServiceBusReceivedMessage): readonly string[] {
  const { reason = '', description = '' } = causeOf(message);
  const [sequence, enqueuedAt] = [sequenceOf(message), enqueuedText(message)];
  return [sequence, enqueuedAt, String(message.deliveryCount ?? 0), aboutOf(message), reason, description];
}

function jsonLine(message: ServiceBusReceivedMessage): string {
  const { reason = null, description = null } = causeOf(message);
  return `${JSON.stringify({
    sequence: sequenceOf(message),
    enqueuedAt: message.enqueuedTimeUtc?.toISOString() ?? null,
    deliveries: message.deliveryCount ?? 0,
    about: aboutOf(message),
    reason,
    description,
    messageId: message.messageId ?? null,
    sessionId: message.sessionId ?? null,
  })}\n`;
}

/** A dead letter by its sequence number. @throws UsageError where there is none */
export async function deadLetterAt(receiver: Peeker, sequence: string): Promise<ServiceBusReceivedMessage> {
  const [first] = await receiver.peekMessages(1);
  // From a number of the SDK's own kind: a sequence number may not fit a number of JavaScript.
  const from = first?.sequenceNumber?.add(String(BigInt(sequence) - BigInt(sequenceOf(first))));
  const [found] = from === undefined ? [] : await receiver.peekMessages(1, { fromSequenceNumber: from });
  if (found === undefined || sequenceOf(found) !== sequence)
    throw new UsageError(`there is no dead letter with sequence number ${sequence}`);
  return found;
}

/** Shows one dead letter. The body, when asked for, is all that goes to standard output, byte for byte. */
export async function showDeadLetter(
  terminal: Terminal,
  message: ServiceBusReceivedMessage,
  { body: wantsBody, explain }: { readonly body?: true; readonly explain?: true },
  fullImageAlias: string | undefined,
): Promise<void> {
  const body = bodyBytes(message.body);
  const { contentType, applicationProperties = {} } = message;
  const { reason, description } = causeOf(message);
  const attempts = applicationProperties[COPY_PROPERTIES.attempt];
  const say = wantsBody === true ? terminal.err : terminal.out;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['sequence', sequenceOf(message)],
    ['about', aboutOf(message)],
    ['reason', reason],
    ['description', description],
    ['dead letter of', message.deadLetterSource],
    ['deliveries', String(message.deliveryCount ?? 0)],
    ['tried before', typeof attempts === 'number' ? `${attempts} times, each time as a new copy` : undefined],
    ['enqueued at', enqueuedText(message)],
    ['message id', message.messageId === undefined ? undefined : String(message.messageId)],
    ['session', message.sessionId],
    ['body', `${body.byteLength} bytes${contentType === undefined ? '' : `, ${contentType}`}`],
    ['properties', Object.keys(applicationProperties).join(', ')],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name.padEnd(16)}${visible(value)}`],
  );
  say(`${lines.join('\n')}\n`);
  if (explain === true) {
    const arrivedAtMs = firstEnqueuedMs(message.enqueuedTimeUtc?.toISOString(), applicationProperties);
    const delivery = {
      source: 'dead-letter',
      body,
      ...(arrivedAtMs === undefined ? {} : { arrivedAtMs }),
      ...(contentType === undefined ? {} : { contentType }),
      truncated: hasTruncationMark(applicationProperties),
    };
    say(`\n${explainBody(delivery, fullImageAlias)}\n`);
  }
  if (wantsBody === true) await terminal.write(body);
}

import { isUtf8 } from 'node:buffer';
import { readConfig, readLobConfig } from '../../../shared/app/config';
import { isList, parseAllExact, stringOf, writeExact, type Json } from '../../../shared/json/exact-json';
import { readInboundMessage, type InboundMessage } from '../../../shared/inbound/message';
import { Database } from '../../../shared/lob/postgres/database';
import { INBOUND_TABLE } from '../../../shared/lob/postgres/outbox-table';
import { environment } from '../../../shared/settings/environment';
import { readServiceBusConfig } from '../../../shared/settings/message-connections';
import { messageOf } from '../../../shared/errors/errors';
import { closeSoon } from '../terminal/close-soon';
import { bodyOf, settingsOf, UsageError, type Terminal } from '../terminal/terminal';

interface Checked {
  readonly message: InboundMessage;
  readonly body: string;
}

/** Deeper nesting is no message. */
const MAX_DEPTH = 32;

/** Checks messages and sends them. @throws UsageError with every message that isn't as the contract says */
export async function sendMessages(
  terminal: Terminal,
  file: string,
  { dryRun }: { readonly dryRun?: true },
): Promise<void> {
  const messages = messagesIn(await bodyOf(terminal, file));
  if (messages.length === 0) throw new UsageError('there is no message: give one, a list, or one on each line');
  const checked: Checked[] = [];
  const faults: string[] = [];
  for (const [at, json] of messages.entries()) {
    try {
      const body = writeExact(json, MAX_DEPTH);
      checked.push({ message: readInboundMessage(Buffer.from(body), Date.now()), body });
    } catch (error) {
      faults.push(`message ${at + 1}: ${messageOf(error)}`);
    }
  }
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
  const count = `${checked.length} message${checked.length === 1 ? '' : 's'}`;
  if (dryRun === true) {
    terminal.out(`${count}, no faults\n`);
    return;
  }
  const queue = environment().INBOUND_QUEUE?.trim() ?? '';
  const place = queue === '' ? await intoOutbox(checked) : await intoQueue(checked, queue);
  terminal.out(`${count} sent to ${place}\n`);
}

/** One, a list, or one on each line. @throws UsageError */
function messagesIn(bytes: Uint8Array): readonly Json[] {
  if (!isUtf8(bytes)) throw new UsageError('messages must be in UTF-8');
  // A byte order mark is left out.
  const text = new TextDecoder().decode(bytes);
  try {
    const json = parseAllExact(text);
    return isList(json) ? json : [json];
  } catch {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.map((line, at) => {
      try {
        return parseAllExact(line);
      } catch {
        throw new UsageError(`line ${at + 1} is no JSON, nor is the whole`);
      }
    });
  }
}

async function intoQueue(checked: readonly Checked[], queue: string): Promise<string> {
  const [{ namespace }, { queue: trigger }] = settingsOf(
    readServiceBusConfig(environment()),
    readConfig(environment()).inbound,
  );
  const { openServiceBus } = await import('../../../shared/azure/service-bus-client.js');
  const client = openServiceBus(namespace);
  try {
    const sender = client.createSender(queue);
    for (const { message, body } of checked)
      await sender.sendMessages({
        body: Buffer.from(body),
        contentType: 'application/json',
        messageId: message.id,
        ...(trigger.isSessionsEnabled ? { sessionId: sessionOf(message) } : {}),
      });
  } finally {
    await closeSoon(client.close());
  }
  return `queue ${queue}`;
}

/** The row, as the message names it. */
function sessionOf({ table, address }: InboundMessage): string {
  const row = address.kind === 'row' ? [address.id] : [...address.key.values()];
  return `${table} ${row.map((value) => stringOf(value) ?? writeExact(value, MAX_DEPTH)).join(' ')}`.slice(0, 128);
}

async function intoOutbox(checked: readonly Checked[]): Promise<string> {
  const [{ place }] = settingsOf(readLobConfig(environment()));
  if (place.kind !== 'postgres') throw new UsageError('INBOUND_QUEUE is missing: name the queue of the messages');
  const database = new Database(place);
  try {
    const bodies = checked.map(({ body }) => body);
    await database.query(`insert into ${INBOUND_TABLE} (message) select m::jsonb from unnest($1::text[]) m`, [bodies]);
  } finally {
    await database.close();
  }
  return 'table dvo.inbound';
}

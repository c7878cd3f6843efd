import { Option, InvalidArgumentError, type Command } from 'commander';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { wholeNumber } from '../../tools/dvo/terminal/script';
import type { StackOptions } from './stack';

/** Reads a share from 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('It must be a share from 0 to 1, such as 0.2.');
  return value;
}

/** Reads an absolute address of HTTP; commander shows the message with the flag's name. */
export function address(text: string): string {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? ''))
    throw new InvalidArgumentError('It must be an address such as http://127.0.0.1:7071/api/webhook.');
  return text;
}

/** Reads where an emulator listens for AMQP. */
export function busAddress(text: string): string {
  if (!/^sb:\/\/[^/\s]+\/?$/.test(text))
    throw new InvalidArgumentError('It must be an address such as sb://localhost:5672.');
  return text;
}

/** A file that can be written, which is checked before anything starts. */
export function writableFile(text: string): string {
  try {
    closeSync(openSync(text, 'a'));
  } catch (error) {
    throw new InvalidArgumentError(
      `It can't be written (${(error as NodeJS.ErrnoException).code ?? 'unknown fault'}).`,
    );
  }
  return text;
}

/** A folder for Azurite's data, which must be new: data of an earlier Dataverse can't be continued with another. */
function newFolder(text: string): string {
  const folder = resolve(text);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new InvalidArgumentError(
      `${folder} isn't empty: the simulator starts with no rows, so the store must start empty too.`,
    );
  }
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Adds the flags that place the stand-ins. */
export function withStackFlags(command: Command): Command {
  const port = wholeNumber(0, 65_535);
  return command
    .addOption(new Option('--blob-port <port>', 'port of Azurite’s blobs (default: a free one)').argParser(port))
    .addOption(new Option('--queue-port <port>', 'port of Azurite’s queues (default: a free one)').argParser(port))
    .addOption(new Option('--table-port <port>', 'port of Azurite’s tables (default: a free one)').argParser(port))
    .addOption(new Option('--amqp-port <port>', 'port of the broker (default: a free one)').argParser(port))
    .addOption(
      new Option('--dataverse-port <port>', 'port of the Dataverse simulator (default: a free one)').argParser(port),
    )
    .addOption(
      new Option('--disk <dir>', 'keep Azurite’s data in this new or empty folder (default: in memory)').argParser(
        newFolder,
      ),
    )
    .addOption(
      new Option('--store <store>', 'where rows, links and events are kept')
        .choices(['tables', 'postgres', 'http'])
        .default('tables'),
    )
    .option('--relay', 'reach the LOB system through a relay; needs --store http')
    .option('--identity', 'storage by two managed identities over TLS, instead of connection strings');
}

/** The flags as commander gives them. */
export type StackFlags = Pick<
  StackOptions,
  'blobPort' | 'queuePort' | 'tablePort' | 'amqpPort' | 'dataversePort' | 'disk' | 'identity' | 'store' | 'relay'
>;

/**
 * The message for a port that is in use; undefined for any other error. Node and Azurite use the same words, Azurite in the output
 * that its error carries.
 */
export function portTaken(error: unknown): string | undefined {
  const [, port] = /EADDRINUSE: address already in use \S*:(\d+)/.exec(String(error)) ?? [];
  return port === undefined
    ? undefined
    : `Port ${port} is taken: stop what listens there, or give another port (--help lists the flags).`;
}

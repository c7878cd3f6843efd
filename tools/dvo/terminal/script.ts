/** What all programs of this repository have in common: their version, their help, and how wrong flags are told. */
import { Command, InvalidArgumentError } from 'commander';
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { visibleLines } from '../../../shared/errors/visible';
import { spanArgument } from './arguments';

/** The version in package.json. */
export const VERSION = String(
  (JSON.parse(readFileSync(findPackageJSON('..', __filename) ?? '', 'utf8')) as { version?: unknown }).version,
);

/** Exit code of a script that was called wrongly: 1 means that it found something. */
const USAGE_EXIT_CODE = 2;

/**
 * The command of a script.
 *
 * @param name as it is called: `npm run stack --`
 */
export const script = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .version(VERSION)
    .showHelpAfterError('(--help lists the flags)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_EXIT_CODE));

/** Reads a whole number within bounds; commander shows the message with the flag's name. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };

/** How long something runs, in seconds: `600`, or a span such as 90s, 15m or 1h. */
export function secondsArgument(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  if (/^0*[1-9]\d*[smhd]$/.test(text)) return spanArgument(text) / 1000;
  throw new InvalidArgumentError('It must be a number of seconds above 0, or a time span such as 90s, 15m or 1h.');
}

/** Tells what went wrong, without anything that acts on the terminal. */
export const sayFault = (error: unknown): void =>
  console.error(visibleLines(error instanceof Error ? error.message : String(error)));

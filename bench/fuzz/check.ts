import { performance } from 'node:perf_hooks';
import type { Context } from '../../shared/context/context';
import type { ContextFormat } from '../../shared/context/format';
import { warningsOf } from '../../shared/context/messages/warnings';
import type { ReadOptions } from '../../shared/context/read-context';
import { readPush, type Push } from '../../shared/context/read-push';
import { changeOfNotice } from '../../shared/context/messages/row-notice';
import { changesOf, ROW_MESSAGES } from '../../shared/context/messages/to-changes';
import { messageEventOf } from '../../shared/context/messages/to-message-event';
import { codeOf, OutboundError } from '../../shared/errors/errors';

/** What became of a body: the code of the first error, or `read`. */
export type Ending = string;

/** What must never happen to a body. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

const MS_PER_256_KB = 50;
const BYTES = 262_144;

/** Another process may take the machine at any moment, so what looks slow is measured again. */
const MEASUREMENTS = 4;

/** Everything that a body's objects inherit from. */
const PROTOTYPES = [Object.prototype, Array.prototype, String.prototype, Map.prototype];
const namesOf = (): string => PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype).map(String).join()).join('|');
const NAMES = namesOf();

/** Reads every part of a context and its parents. */
function readParts(context: Context, attempt: (step: () => unknown) => void): void {
  let at: Context | null = context;
  while (at !== null) {
    const one: Context = at;
    attempt(() => [...(one.inputParameters ?? [])]);
    attempt(() => [...(one.outputParameters ?? [])]);
    attempt(() => [...(one.sharedVariables ?? [])]);
    attempt(() => [...(one.preImages ?? [])]);
    attempt(() => [...(one.postImages ?? [])]);
    at = null;
    attempt(() => {
      at = one.parent;
    });
  }
}

/** Does with a body what the app does, and more: every part is read. */
function readAll(body: Uint8Array, options: ReadOptions): { readonly ending: Ending; readonly ms: number } {
  let ending: Ending | undefined;
  const attempt = (step: () => unknown): void => {
    try {
      step();
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      ending ??= codeOf(error);
    }
  };
  const begun = performance.now();
  let push: Push | undefined;
  attempt(() => {
    push = readPush(body, options);
  });
  const delivery = { source: 'fuzz', body, fullImageAlias: 'After' };
  const noticed = push?.kind === 'notice' ? push.notice : undefined;
  const found = push?.kind === 'context' ? push.context : undefined;
  if (noticed !== undefined) attempt(() => changeOfNotice(noticed, delivery));
  if (found !== undefined) {
    readParts(found, attempt);
    attempt(() => (ROW_MESSAGES.has(found.message) ? changesOf(found, delivery) : messageEventOf(found, delivery)));
  }
  const ms = performance.now() - begun;
  if (found !== undefined) attempt(() => warningsOf(found));
  return { ending: ending ?? 'read', ms };
}

/**
 * Reads a body in every way and checks what must hold for any: only typed errors, no more than 50 ms per 256 KB (of
 * several tries the fastest, for another process may be in the way), and prototypes as they were.
 *
 * @param format the form that the body is taken for @default as detected
 * @throws CheckFailed
 */
export function checkBody(body: Uint8Array, format?: ContextFormat): { readonly ending: Ending; readonly ms: number } {
  const options: ReadOptions = format === undefined ? {} : { format };
  const allowed = MS_PER_256_KB * Math.max(1, body.length / BYTES);
  let best: { readonly ending: Ending; readonly ms: number } | undefined;
  try {
    for (let tries = 0; tries < MEASUREMENTS && (best === undefined || best.ms > allowed); tries++) {
      const result = readAll(body, options);
      if (best === undefined || result.ms < best.ms) best = result;
    }
  } catch (error) {
    throw new CheckFailed(`not a typed error: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
  }
  if (best === undefined) throw new CheckFailed('not measured');
  if (best.ms > allowed) throw new CheckFailed(`${best.ms.toFixed(0)} ms for ${body.length} bytes (${best.ending})`);
  if (namesOf() !== NAMES) throw new CheckFailed('a prototype was changed');
  return best;
}

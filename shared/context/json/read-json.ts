import type { BodyForm, Context } from '../context';
import { BodyTooComplex, ContextInvalid, JsonInvalid } from '../errors';
import { objectOf, parseExact, parseValidExact, takeDigits, type Json } from '../../json/exact-json';
import { WireContext } from '../wire-context';
import { JsonReader } from './json-reader';
import { brokenLimit } from './json-size';

/** Takes a byte order mark away, and refuses bytes that are not UTF-8 rather than replace them. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

function decode(body: Uint8Array | string): string {
  if (typeof body === 'string') return body.startsWith('\ufeff') ? body.slice(1) : body;
  try {
    return UTF8.decode(body);
  } catch {
    throw new JsonInvalid('encoding');
  }
}

/** Where the native parser stopped. Its message is read for the position only, for it quotes the text. */
function positionOf(text: string): number | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (message.startsWith('Unexpected end')) return text.length;
    const digits = / at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(message)?.[1];
    return digits === undefined ? undefined : Number(digits);
  }
}

function parse(text: string): Json {
  try {
    return parseExact(text);
  } catch {
    // The parser's own error is left behind: its text quotes the input, and a column's value must not reach a log.
    throw new JsonInvalid('syntax', positionOf(text));
  }
}

/** How much a body may hold. */
export interface ReadBounds {
  /** Values and parents nested deeper are refused when they are asked for. */
  readonly maxDepth: number;
  /** Bodies of more values (elements and attributes, in XML) are refused. */
  readonly maxNodes: number;
}

/**
 * Of all values at most one in so many is an object or a list. The least that .NET writes of one, a pair of a name and a value,
 * takes twenty characters, so that 640 KB hold half as many as 262,144 values allow.
 */
const VALUES_PER_CONTAINER = 4;

const PLAIN: BodyForm = { format: 'json', envelope: null };

/** A body of JSON: what it holds, and its text. */
export interface JsonBody {
  readonly root: Json;
  readonly text: string;
}

/** Parses a body of JSON. @throws JsonInvalid when it is not JSON in UTF-8; BodyTooComplex */
export function parseBody(body: Uint8Array | string, { maxNodes }: ReadBounds): JsonBody {
  const text = decode(body);
  const limits = { nodes: maxNodes, containers: Math.floor(maxNodes / VALUES_PER_CONTAINER) };
  const broken = brokenLimit(text, limits);
  if (broken !== undefined) throw new BodyTooComplex(broken, limits[broken]);
  return { root: parse(text), text };
}

/**
 * Reads a context in the JSON form, as webhooks send it.
 * https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
 *
 * @throws JsonInvalid when the body is not JSON in UTF-8; BodyTooComplex; ContextInvalid when it is no context
 */
export function readJson(body: Uint8Array | string, bounds: ReadBounds, form: BodyForm = PLAIN): Context {
  return contextIn(parseBody(body, bounds), bounds, form);
}

/**
 * The context in a body that is parsed already.
 *
 * @throws ContextInvalid when it is no context, or a member is missing or of another type
 */
export function contextIn({ root, text }: JsonBody, { maxDepth }: ReadBounds, form: BodyForm = PLAIN): Context {
  if (objectOf(root) === undefined) throw new ContextInvalid('The body', 'a JSON object');
  let allExact = false;
  const makeAllExact = (): void => {
    if (allExact) return;
    allExact = true;
    takeDigits(root, parseValidExact(text));
  };
  return new WireContext(new JsonReader(maxDepth, makeAllExact), root, form);
}

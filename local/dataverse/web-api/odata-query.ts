import { badRequest } from '../dataverse-error';

/** The parts of a request that OData gives meaning to. */
export interface ODataQuery {
  readonly select: readonly string[] | undefined;
  /** Expanded navigation properties with their own options (`Attributes($select=LogicalName)`). */
  readonly expand: ReadonlyMap<string, ODataQuery>;
  readonly filter: string | undefined;
  readonly orderBy: string | undefined;
  readonly top: number | undefined;
  readonly count: boolean;
  readonly skipToken: string | undefined;
  readonly deltaToken: string | undefined;
  /** Names of the system options that were given: `filter`, `top`, … */
  readonly given: ReadonlySet<string>;
}

/** Splits at a separator outside parentheses and quotes. */
export function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === "'") quoted = !quoted;
    if (quoted) continue;
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === separator && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

const names = (list: string | undefined): string[] | undefined =>
  list
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function parseExpand(text: string | undefined): Map<string, ODataQuery> {
  const expand = new Map<string, ODataQuery>();
  for (const item of splitOutside(text ?? '', ',')) {
    if (item.trim() === '') continue;
    const [name, options] = splitAt(item, '(');
    const inner = options.slice(0, Math.max(0, options.lastIndexOf(')')));
    expand.set(name.trim(), parseOptions(splitOutside(inner, ';').map((option) => splitAt(option, '='))));
  }
  return expand;
}

/** Splits at the first separator; without one the second part is empty. */
export function splitAt(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

function parseOptions(options: readonly (readonly [string, string])[]): ODataQuery {
  const given = new Map<string, string>();
  for (const [name, value] of options) if (name.startsWith('$')) given.set(name.slice(1), value);
  const top = given.get('top');
  if (top !== undefined && !/^\d+$/.test(top)) throw badRequest(`Invalid value '${top}' for $top query option found.`);
  return {
    select: names(given.get('select')),
    expand: parseExpand(given.get('expand')),
    filter: given.get('filter'),
    orderBy: given.get('orderby'),
    top: top === undefined ? undefined : Number(top),
    count: given.get('count') === 'true',
    skipToken: given.get('skiptoken'),
    deltaToken: given.get('deltatoken'),
    given: new Set(given.keys()),
  };
}

/** Reads the options of a query string. */
export const parseQuery = (search: URLSearchParams): ODataQuery => parseOptions([...search.entries()]);

/** What a `Prefer` header asks for. */
export interface Preferences {
  readonly trackChanges: boolean;
  readonly returnRepresentation: boolean;
  /** Of a batch: what follows an error is carried out all the same. */
  readonly continueOnError: boolean;
  readonly maxPageSize: number | undefined;
  /** Names or patterns of annotations; empty for none. */
  readonly annotations: readonly string[];
  /** What was understood, for `Preference-Applied`. */
  readonly applied: string;
}

/** Reads a `Prefer` header; what it does not know it ignores. */
export function parsePrefer(header: string | undefined): Preferences {
  const applied: string[] = [];
  let trackChanges = false;
  let returnRepresentation = false;
  let continueOnError = false;
  let maxPageSize: number | undefined;
  let annotations: string[] = [];
  for (const found of (header ?? '').matchAll(/([\w.-]+)(?:\s*=\s*(?:"([^"]*)"|([^,;\s]*)))?/g)) {
    const [, name = '', quoted, bare] = found;
    const value = quoted ?? bare ?? '';
    switch (name.toLowerCase()) {
      case 'odata.track-changes':
        trackChanges = true;
        applied.push('odata.track-changes');
        break;
      case 'odata.continue-on-error':
        continueOnError = value.toLowerCase() !== 'false';
        if (continueOnError) applied.push('odata.continue-on-error');
        break;
      case 'return':
        returnRepresentation = value === 'representation';
        if (returnRepresentation) applied.push('return=representation');
        break;
      case 'odata.maxpagesize':
        maxPageSize = Number(value) > 0 ? Number(value) : undefined;
        applied.push(`odata.maxpagesize=${value}`);
        break;
      case 'odata.include-annotations':
        annotations = names(value) ?? [];
        applied.push(`odata.include-annotations="${value}"`);
        break;
      default:
        break;
    }
  }
  return { trackChanges, returnRepresentation, continueOnError, maxPageSize, annotations, applied: applied.join(',') };
}

/** Is an annotation wanted? Patterns are `*`, a name, or a namespace with `.*`. */
export const wantsAnnotation = (patterns: readonly string[], name: string): boolean =>
  patterns.some(
    (pattern) =>
      pattern === '*' || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1))),
  );

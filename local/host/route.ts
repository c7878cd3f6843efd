/** Route templates of HTTP triggers (https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#customize-the-http-endpoint). */
import { FunctionInError } from './settings';

/** Matches a URL's path; null if it is another's, else the route's parameters. */
export type RouteMatcher = (path: string) => Readonly<Record<string, string>> | null;

type Test = (value: string) => boolean;
type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'rest'; readonly name: string }
  | {
      readonly kind: 'parameter';
      readonly name: string;
      readonly tests: readonly Test[];
      readonly optional: boolean;
      readonly preset?: string;
    };

const CONSTRAINTS: Readonly<Record<string, (argument: string) => Test>> = {
  int: () => (value) => /^-?\d{1,10}$/.test(value),
  long: () => (value) => /^-?\d{1,19}$/.test(value),
  bool: () => (value) => /^(true|false)$/i.test(value),
  decimal: () => (value) => /^-?\d+(\.\d+)?$/.test(value),
  double: () => (value) => value !== '' && Number.isFinite(Number(value)),
  alpha: () => (value) => /^[a-z]*$/i.test(value),
  guid: () => (value) => /^\{?[\da-f]{8}-?([\da-f]{4}-?){3}[\da-f]{12}\}?$/i.test(value),
  minlength: (argument) => (value) => value.length >= Number(argument),
  maxlength: (argument) => (value) => value.length <= Number(argument),
  min: (argument) => (value) => Number(value) >= Number(argument),
  max: (argument) => (value) => Number(value) <= Number(argument),
};

/**
 * Compiles a template such as `orders/{id:int}/{part?}` or `files/{*path}`.
 *
 * @throws FunctionInError for a constraint this host doesn't know.
 */
export function compileRoute(template: string): RouteMatcher {
  const segments = split(template).map(compileSegment);
  return (path) => {
    const parts = segmentsOf(path);
    if (parts.includes('')) return null;
    const parameters: Record<string, string> = {};
    for (const segment of segments) {
      if (segment.kind === 'rest') {
        parameters[segment.name] = parts.splice(0).join('/');
        continue;
      }
      const part = parts.shift();
      if (segment.kind === 'literal') {
        if (part?.toLowerCase() !== segment.text) return null;
      } else if (part === undefined) {
        if (!segment.optional) return null;
        if (segment.preset !== undefined) parameters[segment.name] = segment.preset;
      } else {
        if (!segment.tests.every((test) => test(part))) return null;
        parameters[segment.name] = part;
      }
    }
    return parts.length === 0 ? parameters : null;
  };
}

const split = (template: string): string[] => template.split('/').filter((part) => part !== '');

/** A path's parts; a slash at its end says nothing, an empty part is one. */
function segmentsOf(path: string): string[] {
  const inner = path.replace(/^\/|\/$/g, '');
  return inner === '' ? [] : inner.split('/').map(decode);
}

function decode(part: string): string {
  try {
    // An escaped slash stays as it is.
    return part
      .split(/(%2f)/i)
      .map((text, index) => (index % 2 === 1 ? text : decodeURIComponent(text)))
      .join('');
  } catch {
    return part;
  }
}

function compileSegment(text: string): Segment {
  const [, star, name, constraints = '', mark, preset] =
    /^\{(\*{0,2})([^:?=}]+)((?::[^?=}]+)?)(\?)?(?:=([^}]*))?\}$/.exec(text) ?? [];
  if (name === undefined) return { kind: 'literal', text: text.toLowerCase() };
  if (star !== '') return { kind: 'rest', name };
  const tests = constraints
    .split(':')
    .filter((constraint) => constraint !== '')
    .map((constraint) => {
      const [, kind = '', argument = ''] = /^(\w+)(?:\((.*)\))?$/.exec(constraint) ?? [];
      const build = CONSTRAINTS[kind.toLowerCase()];
      if (build === undefined)
        throw new FunctionInError(`Route constraint '${constraint}' isn't supported by this local host.`);
      return build(argument);
    });
  return {
    kind: 'parameter',
    name,
    tests,
    optional: mark !== undefined || preset !== undefined,
    ...(preset !== undefined && { preset }),
  };
}

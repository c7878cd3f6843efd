import { CONFIRMED_TYPES } from '../confirmed-types';
import type { Resource, Source, Sources } from '../bicep/source';
import { literal, members, part, type Syntax } from '../bicep/syntax';
import { typeOf } from '../bicep/type-of';

/** Of the language, not of a type. */
const LANGUAGE_PROPERTIES = ['parent', 'scope', 'dependsOn'];

/** Types, versions and properties that aren't in `confirmed-types.ts`, what is required and missing, values that don't fit. */
export function resourceFaults(sources: Sources): string[] {
  return [...sources.values()].flatMap((source) =>
    source.resources.flatMap((resource) => faultsOf(resource, source, sources)),
  );
}

function faultsOf(resource: Resource, source: Source, sources: Sources): string[] {
  const at = `${source.file}:${resource.line}: `;
  if (!/^Microsoft\.[A-Za-z]+(?:\/[A-Za-z]+)+@\d{4}-\d{2}-\d{2}(?:-preview)?$/.test(resource.type))
    return [`${at}${resource.type} isn't a type with its version`];
  const confirmed = CONFIRMED_TYPES[resource.type];
  if (confirmed === undefined) return [`${at}${resource.type} isn't confirmed`];
  if (resource.existing) return [];
  return objectFaults(resource.body, '', confirmed, source, sources).map((fault) => `${at}${fault}`);
}

function objectFaults(
  object: Syntax,
  path: string,
  confirmed: Readonly<Record<string, string>>,
  source: Source,
  sources: Sources,
): string[] {
  const given = members(object);
  const keys = given.map(({ key }) => key ?? '*');
  const required = Object.entries(confirmed)
    .filter(([name, type]) => type.startsWith('!') && name.slice(0, name.lastIndexOf('.') + 1) === path)
    .map(([name]) => name.slice(path.length));
  return [
    ...required.filter((key) => !keys.includes(key)).map((key) => `${path}${key} is missing`),
    ...given.flatMap(({ key = '*', value }) => {
      if (path === '' && LANGUAGE_PROPERTIES.includes(key)) return [];
      const type = (confirmed[`${path}${key}`] ?? confirmed[`${path}*`])?.replace(/^!/, '');
      const place = confirmed[`${path}${key}`] === undefined ? `${path}*` : `${path}${key}`;
      if (type === undefined) return [`${path}${key} isn't confirmed`];
      return valueFaults(value, place, type, confirmed, source, sources);
    }),
  ];
}

function valueFaults(
  value: Syntax,
  path: string,
  type: string,
  confirmed: Readonly<Record<string, string>>,
  source: Source,
  sources: Sources,
): string[] {
  const again = (each: Syntax | undefined, at = path, of = type): string[] =>
    each === undefined ? [] : valueFaults(each, at, of, confirmed, source, sources);
  if (value.kind === 'ternary_expression')
    return [...again(part(value, 'consequence')), ...again(part(value, 'alternative'))];
  if (value.kind === 'null') return [];
  const found = typeOf(value, source, sources);
  const wanted = type.includes("'") ? 'string' : type;
  if (wanted !== 'any' && found !== undefined && found !== wanted)
    return [`${path} must be ${wanted}, and is ${found}`];
  const text = literal(value);
  if (type.includes("'") && text !== undefined && !type.includes(`'${text}'`))
    return [`${path} must be one of ${type}`];
  if (value.kind === 'object') return objectFaults(value, `${path}.`, confirmed, source, sources);
  const items = value.kind === 'array' ? value.children : value.kind === 'for_statement' ? [part(value, 'body')] : [];
  return items.flatMap((item) => again(item, `${path}[]`, confirmed[`${path}[]`] ?? 'any'));
}

import { schemaFaults, type Fault } from '../../shared/yaml/schema-faults';
import { readYaml, type Checked, type ReadYaml } from '../../shared/yaml/yaml-file';
import { ruleFaults } from './declaration-rules';
import { declarationSchema, type Declaration } from './declaration-schema';
import { repeatedIds } from './desired-items';

/** Which environment is meant, and where values come from. */
export interface Chosen {
  /** One of the file's environments; it has to be given where the file has any. */
  readonly environment?: string;
  /** Environment variables: what `${NAME}` stands for, unless the environment's own values say it. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** A declaration, with its places for faults that show later. */
export type ReadDeclaration = ReadYaml<Declaration>;

/**
 * Reads a declaration for one environment: its placeholders filled, its form and the platform's rules checked. Never throws:
 * faults are data.
 * @param name as the faults shall name it
 */
export const readDeclaration = (name: string, text: string, chosen: Chosen): ReadDeclaration =>
  readYaml(name, text, (raw) => checked(raw, chosen));

function checked(raw: unknown, { environment, variables }: Chosen): Checked<Declaration> {
  const wrong = environmentFaults(raw, environment);
  if (wrong.length > 0) return { value: undefined, faults: wrong };
  const variable = (name: string): string | undefined => (Object.hasOwn(variables, name) ? variables[name] : undefined);
  const { content: own } = fillIn(environment === undefined ? {} : valuesOf(raw, environment), variable);
  // Other environments' values may well be set only where those are meant.
  const { content, faults } = fillIn(withoutOthers(raw, environment), (name, path) => {
    if (isObject(own) && Object.hasOwn(own, name)) return asText(own[name]);
    // Where a variable is to be named its value, which may be the secret itself, isn't put in by a slip.
    return path[0] === 'endpoints' && path.at(-1) === 'env' ? `\${${name}}` : variable(name);
  });
  const { success, data, error } = declarationSchema.safeParse(content);
  if (!success) return { value: undefined, faults: [...faults, ...schemaFaults(error.issues)] };
  // A rule that a missing value breaks says nothing new.
  if (faults.length > 0) return { value: data, faults };
  const broken = ruleFaults(data);
  return { value: data, faults: broken.length > 0 ? broken : repeatedIds(data) };
}

/** Whether it is clear which environment is meant: its address and values may not be mixed up with others by an oversight. */
function environmentFaults(raw: unknown, environment: string | undefined): Fault[] {
  const names = isObject(raw) && isObject(raw.environments) ? Object.keys(raw.environments) : [];
  const path = ['environments'];
  if (environment === undefined)
    return names.length === 0 ? [] : [{ path, text: `has ${names.join(', ')}: choose one with --environment` }];
  if (names.includes(environment)) return [];
  return [{ path, text: `has no ${environment}${names.length === 0 ? '' : `, only ${names.join(', ')}`}` }];
}

/** Reads only the owner and the environments: what is left out needs no values and no secrets. */
export const readOwner = (name: string, text: string, chosen: Chosen): ReadDeclaration =>
  readYaml(name, text, (raw) => {
    if (!isObject(raw)) return checked(raw, chosen);
    const { owner, environments } = raw;
    return checked({ owner, ...(environments === undefined ? {} : { environments }) }, chosen);
  });

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function valuesOf(raw: unknown, environment: string): Readonly<Record<string, unknown>> {
  const environments = isObject(raw) ? raw.environments : undefined;
  const chosen = isObject(environments) ? environments[environment] : undefined;
  const values = isObject(chosen) ? chosen.values : undefined;
  return isObject(values) ? values : {};
}

/** The content with no environment but the chosen one. */
function withoutOthers(raw: unknown, environment: string | undefined): unknown {
  if (!isObject(raw) || !isObject(raw.environments)) return raw;
  const chosen = Object.entries(raw.environments).filter(([name]) => name === environment);
  return { ...raw, environments: Object.fromEntries(chosen) };
}

const PLACEHOLDER = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * Puts values in the place of `${NAME}` in every text of a file's content.
 * @param valueOf undefined: there is none
 */
export function fillIn(
  content: unknown,
  valueOf: (name: string, path: Fault['path']) => string | undefined,
): { readonly content: unknown; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const fill = (value: unknown, path: Fault['path']): unknown => {
    if (typeof value === 'string')
      return value.replace(PLACEHOLDER, (all, name: string) => {
        const found = valueOf(name, path);
        if (found !== undefined && found !== '') return found;
        faults.push({
          path,
          text: `needs a value for \${${name}}: an environment variable, or one of the environment's values`,
        });
        return all;
      });
    if (Array.isArray(value)) return value.map((item, index) => fill(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fill(member, [...path, name])]));
  };
  return { content: fill(content, []), faults };
}

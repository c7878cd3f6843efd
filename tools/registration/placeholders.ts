import type { Fault } from '../../shared/yaml/schema-faults';

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

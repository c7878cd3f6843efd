const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;

/** The least that takes so many characters of JSON: `{}` and what parts it from the next; a value and a comma. */
const CHARACTERS = { containers: 3, nodes: 2 } as const;

/** How much a JSON text may hold. */
export interface JsonLimits {
  /** Values; empty lists and objects count for two. */
  readonly nodes: number;
  /** Objects and lists. */
  readonly containers: number;
}

/**
 * Which limit a JSON text may break, found before anything is made of it; undefined for none. Only a text that is long enough
 * is looked at.
 */
export function brokenLimit(text: string, limits: JsonLimits): keyof JsonLimits | undefined {
  const mayBreak = (['nodes', 'containers'] as const).some((limit) => text.length > CHARACTERS[limit] * limits[limit]);
  if (!mayBreak) return undefined;
  let [nodes, containers] = [1, 0];
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) inString = !inString;
    else if (inString) {
      if (code === BACKSLASH) at++;
    } else if (code === COMMA) nodes++;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      nodes++;
      containers++;
    }
  }
  if (containers > limits.containers) return 'containers';
  return nodes > limits.nodes ? 'nodes' : undefined;
}

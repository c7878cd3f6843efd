/** A name as it is written, in its parts. */
export interface QualifiedName {
  /** Empty without one. */
  readonly prefix: string;
  readonly local: string;
  /** False for what XML doesn't allow: a colon at either end, or more than one. */
  readonly isValid: boolean;
}

/** How many are remembered before all are forgotten. Contexts have some hundred. */
const MAX_NAMES = 2000;
const MAX_LENGTH = 100;

const names = new Map<string, QualifiedName>();

/** Takes a name apart; the few that contexts have, only once. https://www.w3.org/TR/xml-names/#ns-qualnames */
export function qualifiedName(text: string): QualifiedName {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = split(text);
  if (text.length > MAX_LENGTH) return name;
  if (names.size >= MAX_NAMES) names.clear();
  const kept = { ...name, prefix: internalized(name.prefix), local: internalized(name.local) };
  names.set(internalized(text), kept);
  return kept;
}

function split(text: string): QualifiedName {
  const colon = text.indexOf(':');
  return {
    prefix: text.slice(0, Math.max(colon, 0)),
    local: text.slice(colon + 1),
    isValid: colon === -1 || (colon > 0 && colon < text.length - 1 && !text.includes(':', colon + 1)),
  };
}

/**
 * The same text as V8 keeps it for literals and for the names of properties: two of those are compared by their addresses, and
 * nothing of the document that it was cut out of is kept with it.
 */
export const internalized = (text: string): string => Object.keys({ [text]: null })[0] ?? text;

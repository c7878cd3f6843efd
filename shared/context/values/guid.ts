const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The id that Dataverse sends where there is no row. */
export const NO_ROW_ID = '00000000-0000-0000-0000-000000000000';

/** A GUID in lower case without braces, or undefined when the text is none. */
export function guidOf(text: string): string | undefined {
  if (CANONICAL.test(text)) return text;
  const bare = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text;
  const lower = bare.toLowerCase();
  return CANONICAL.test(lower) ? lower : undefined;
}

/** A number written with exactly these digits: a double would lose them (`9007199254740993`, `1.10`). */
export class Digits {
  constructor(readonly text: string) {}
}

/** A JSON document whose members keep their order and whose numbers keep their digits. */
export type Json = string | number | boolean | null | Digits | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [member: string]: Json;
}

/** How strings are escaped: as the Web API does, or as .NET's DataContractJsonSerializer does. */
export type Escaping = 'webApi' | 'dataContract';

// The characters that DataContractJsonSerializer never writes as they are: controls, NEL, line and paragraph separators,
// surrogates and non-characters. It has no short forms: a line feed is \u000a, never \n.
const DATA_CONTRACT_ESCAPED = /[\u0000-\u001f"\\/\u0085\u2028\u2029\ud800-\udfff\ufffe\uffff]/g;

function dataContractEscape(character: string): string {
  switch (character) {
    case '"':
    case '\\':
    case '/':
      return `\\${character}`;
    default:
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  }
}

/** One string as JSON text, quotes included. */
export function writeString(text: string, escaping: Escaping): string {
  if (escaping === 'webApi') return JSON.stringify(text);
  return `"${text.replace(DATA_CONTRACT_ESCAPED, dataContractEscape)}"`;
}

// .NET writes an exponent in upper case, signed, with two digits at least: 1E-07.
const writeNumber = (value: number): string =>
  String(value)
    .replace(/e([+-])(\d)$/, 'e$10$2')
    .replace('e', 'E');

/** A document as JSON text without white space. */
export function writeJson(json: Json, escaping: Escaping): string {
  if (json === null) return 'null';
  switch (typeof json) {
    case 'string':
      return writeString(json, escaping);
    case 'number':
      return writeNumber(json);
    case 'boolean':
      return json ? 'true' : 'false';
    default:
      break;
  }
  if (json instanceof Digits) return json.text;
  if (isList(json)) return `[${json.map((item) => writeJson(item, escaping)).join(',')}]`;
  const members: string[] = [];
  for (const member in json) {
    const value = json[member];
    if (value !== undefined) members.push(`${writeString(member, escaping)}:${writeJson(value, escaping)}`);
  }
  return `{${members.join(',')}}`;
}

/** Is it a list? (`Array.isArray` does not narrow readonly arrays.) */
export const isList = (json: Json): json is readonly Json[] => Array.isArray(json);

/** Is it an object with members? */
export const isObject = (json: Json): json is JsonObject =>
  typeof json === 'object' && json !== null && !isList(json) && !(json instanceof Digits);

/** Reads JSON text, each number as the digits that were sent. Throws a SyntaxError on text that is not JSON. */
export function readJson(text: string): Json {
  const keepDigits = (_member: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' ? new Digits(context?.source ?? String(value)) : value;
  return JSON.parse(text, keepDigits) as Json;
}

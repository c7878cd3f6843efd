import { badRequest } from '../dataverse-error';
import { splitAt } from './odata-query';

/** A part of a multipart body. */
export interface Part {
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly content: string;
}

/** An HTTP request as a part holds it. */
export interface PartRequest {
  readonly method: string;
  /** As written: absolute, from the root, or below the service root. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const EOL = '\r\n';
const invalid = (what: string): Error => badRequest(`The batch request is not valid: ${what}`, '0x80048d19');

/** The boundary of a multipart content type; undefined when it is another type. */
export const boundaryOf = (contentType: string | undefined): string | undefined =>
  /^multipart\/mixed\s*;.*\bboundary=(?:"([^"]+)"|([^\s;]+))/i
    .exec(contentType ?? '')
    ?.slice(1)
    .find(Boolean);

/** The parts of a multipart body; lines end in CRLF. */
export function readParts(body: string, boundary: string): readonly Part[] {
  const pieces = `${EOL}${body}`.split(`${EOL}--${boundary}`);
  if (pieces.length < 2) throw invalid('its boundary does not occur in it, or its lines do not end in CRLF.');
  const end = pieces.findIndex((piece) => piece.startsWith('--'));
  if (end === -1) throw invalid('its end is missing.');
  return pieces.slice(1, end).map((piece) => {
    const { headers, body: content } = headed(piece.replace(/^[ \t]*\r\n/, ''));
    return { headers, content };
  });
}

/** The request that a part of type application/http holds. */
export function readPartRequest({ headers: { 'content-type': type }, content }: Part): PartRequest {
  if (type === undefined || !/^application\/http\b/i.test(type)) throw invalid('a part is not of application/http.');
  const [line, rest] = splitLine(content);
  const [, method = '', url = ''] = /^([A-Z]+) (\S+) HTTP\/1\.1$/.exec(line) ?? [];
  if (method === '') throw invalid(`'${line}' is no request.`);
  return { method, url, ...headed(rest) };
}

const splitLine = (text: string): readonly [string, string] => {
  const end = text.indexOf(EOL);
  return end === -1 ? [text, ''] : [text.slice(0, end), text.slice(end + EOL.length)];
};

/** Headers up to an empty line, and what follows it. */
function headed(text: string): { readonly headers: Record<string, string>; readonly body: string } {
  const headers: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const [line, after] = splitLine(rest);
    rest = after;
    if (line === '') break;
    const [name, value] = splitAt(line, ':');
    headers[name.trim().toLowerCase()] = value.trim();
  }
  return { headers, body: rest };
}

/** A multipart body of parts that are written already. */
export const writeParts = (parts: readonly string[], boundary: string): string =>
  [...parts.map((part) => `--${boundary}${EOL}${part}${EOL}`), `--${boundary}--${EOL}`].join('');

/** A part: headers, an empty line, and the content. */
export const writePart = (headers: Readonly<Record<string, string>>, content: string): string =>
  [...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', content].join(EOL);

import { withoutLastZeros } from '../../../shared/change/exact-number';
import type { Scalar } from './contract-value';
import { writeJson } from '../web-api/json-text';
import { isElements, type XmlElement } from './xml-element';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** As .NET escapes text: also what XML 1.0 has no way to write. */
export const escapeXml = (text: string): string =>
  text.replace(
    /[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g,
    (char) => ESCAPES[char] ?? `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`,
  );

/** A scalar as XML Schema has it: no zone without one, no zeros at the end of a fraction of a second. */
export function scalarText(value: Scalar): string {
  switch (value.kind) {
    case 'string':
    case 'guid':
    case 'long':
    case 'decimal':
      return value.text;
    case 'boolean':
      return String(value.flag);
    case 'bytes':
      return value.base64;
    case 'int':
    case 'double':
      return writeJson(value.number, 'dataContract');
    case 'enum':
      return value.name;
    case 'dateTime': {
      const text = withoutLastZeros(new Date(value.epochMs).toISOString().slice(0, -1));
      return value.zone === 'utc' ? `${text}Z` : text;
    }
    default:
      return value satisfies never;
  }
}

const qualified = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}:${name}`);

function write(element: XmlElement): string {
  const name = qualified(element.prefix, element.name);
  const attributes = element.attributes.map(
    ({ prefix, name: attribute, value }) => ` ${qualified(prefix, attribute)}="${escapeXml(String(value))}"`,
  );
  const declares = element.declares.map(
    ({ prefix, uri }) => ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeXml(uri)}"`,
  );
  const { content } = element;
  const inner =
    content === null ? '' : isElements(content) ? content.map(write).join('') : textContent(scalarText(content));
  const start = `<${name}${attributes.join('')}${declares.join('')}`;
  return inner === '' ? `${start}/>` : `${start}>${inner}</${name}>`;
}

/** Quotes need no escape between tags. */
const textContent = (text: string): string => escapeXml(text).replaceAll('&quot;', '"');

/** An element as text XML, without declaration and byte order mark. */
export const textXml = (element: XmlElement): Buffer => Buffer.from(write(element), 'utf8');

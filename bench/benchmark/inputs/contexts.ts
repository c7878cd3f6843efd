/**
 * Events of any size: an event of test/fixtures whose row has more columns, of the kinds that rows have (text, a choice with its
 * label, a lookup, money, a whole number, a date), written as .NET writes them. All new columns are in Target, where each has
 * to be turned into a value; columns of images would be passed over.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.resolve('test/fixtures');

/** The bytes of a fixture file. */
export const fixture = (file: string): Buffer => readFileSync(path.join(FOLDER, file));

/** One column in both forms, and its text for people where the platform sends one. */
interface WireColumn {
  readonly json: string;
  readonly formatted: string | undefined;
  readonly xml: string;
}

const JSON_XRM = 'http:\\/\\/schemas.microsoft.com\\/xrm\\/2011\\/Contracts';
const SCHEMA = 'xmlns:b="http://www.w3.org/2001/XMLSchema"';

const idOf = (n: number): string => `${n.toString(16).padStart(8, '0')}-7a1c-4f0e-9b52-3d61c0a4e8f7`;

const KINDS: readonly ((n: number) => { json: string; xml: string; formatted?: string })[] = [
  (n) => {
    const text = `Berth ${n}: unload at gate ${n % 17}, forklift 3.5 t, call ahead. Südkai, Überseehafen`;
    return { json: JSON.stringify(text), xml: ` i:type="b:string" ${SCHEMA}>${text}` };
  },
  (n) => ({
    json: `{"__type":"OptionSetValue:${JSON_XRM}","Value":${100_000_000 + n}}`,
    xml: ` i:type="OptionSetValue"><Value>${100_000_000 + n}</Value>`,
    formatted: `Temperature class ${n}`,
  }),
  (n) => ({
    json: `{"__type":"EntityReference:${JSON_XRM}","Id":"${idOf(n)}","KeyAttributes":[],"LogicalName":"account","Name":"Contoso Harbour ${n}","RowVersion":null}`,
    xml: ` i:type="EntityReference"><Id>${idOf(n)}</Id><KeyAttributes xmlns:b="http://schemas.microsoft.com/xrm/7.1/Contracts"/><LogicalName>account</LogicalName><Name>Contoso Harbour ${n}</Name><RowVersion i:nil="true"/>`,
  }),
  (n) => ({
    json: `{"__type":"Money:${JSON_XRM}","Value":${1000 + n}.5000}`,
    xml: ` i:type="Money"><Value>${1000 + n}.5000</Value>`,
    formatted: `€${1000 + n}.50`,
  }),
  (n) => ({ json: String(n * 37), xml: ` i:type="b:int" ${SCHEMA}>${n * 37}`, formatted: String(n * 37) }),
  (n) => ({
    json: `"\\/Date(${1_772_300_700_000 + n * 1000})\\/"`,
    xml: ` i:type="b:dateTime" ${SCHEMA}>${new Date(1_772_300_700_000 + n * 1000).toISOString().replace('.000', '')}`,
    formatted: `2026-02-28T18:45:${String(n % 60).padStart(2, '0')}+01:00`,
  }),
];

function column(n: number): WireColumn {
  const name = `new_column${n}`;
  const kind = KINDS[n % KINDS.length];
  if (kind === undefined) throw new Error('no kinds');
  const { json, xml, formatted } = kind(n);
  return {
    json: `,{"key":"${name}","value":${json}}`,
    formatted: formatted === undefined ? undefined : `{"key":"${name}","value":${JSON.stringify(formatted)}}`,
    xml: `<KeyValuePairOfstringanyType><a:key>${name}</a:key><a:value${xml}</a:value></KeyValuePairOfstringanyType>`,
  };
}

/** The event to begin with: small ones have no images and no parent. */
const BASE = { small: 'update-account-server-offset', large: 'update-contact' } as const;

/** One event of about so many bytes of JSON, in JSON and in text XML. */
export function contextOf(bytes: number): { readonly json: Buffer; readonly xml: Buffer } {
  const base = bytes < 8000 ? BASE.small : BASE.large;
  const json = fixture(`${base}.json`).toString();
  const xml = fixture(`${base}.xml`).toString();
  const columns: WireColumn[] = [];
  for (let size = Buffer.byteLength(json); size < bytes;) {
    const next = column(columns.length);
    columns.push(next);
    size += Buffer.byteLength(next.json) + (next.formatted === undefined ? 0 : Buffer.byteLength(next.formatted) + 1);
  }
  const formatted = columns.flatMap((one) => one.formatted ?? []).join(',');
  return {
    // The first row of a context is Target.
    json: Buffer.from(
      json.replace(/\],"EntityState":null,"FormattedValues":\[\]/, () =>
        [columns.map((one) => one.json).join(''), '],"EntityState":null,"FormattedValues":[', formatted, ']'].join(''),
      ),
    ),
    xml: Buffer.from(xml.replace('</Attributes>', () => `${columns.map((one) => one.xml).join('')}</Attributes>`)),
  };
}

const ROW_ID = 'e48664d8-dbdd-43be-8d96-c02d26fc1d54';
const OPERATION_ID = 'd0ee4267-0716-4e41-a538-e91893e58396';

/**
 * Makes bodies of an Update of an account, about 2 KB of JSON: of a row, by an operation of its own, modified at a second
 * (Unix time).
 */
export function updateBodies(): (rowId: string, operationId: string, at: number) => Buffer {
  const text = contextOf(2048).json.toString();
  return (rowId, operationId, at) =>
    Buffer.from(
      text
        .replaceAll(ROW_ID, rowId)
        .replaceAll(OPERATION_ID, operationId)
        .replace('"modifiedon","value":"\\/Date(1768508998000)', `"modifiedon","value":"\\/Date(${at * 1000})`)
        .replace(/"OperationCreatedOn":"[^"]*"/, () => `"OperationCreatedOn":"\\/Date(${(at + 1) * 1000}+0000)\\/"`),
    );
}

/** Events of different messages and shapes, in all three formats. */
export const EVENTS = [
  'create-account',
  'update-contact',
  'update-account-three-parents',
  'delete-account',
  'create-lead-sync',
  'create-multiple-contact',
  'associate-account-lead',
].map((name) => ({
  json: fixture(`${name}.json`),
  xml: fixture(`${name}.xml`),
  binary: fixture(`${name}.msbin1`),
}));

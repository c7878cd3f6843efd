/**
 * The tables in which Dataverse keeps registrations: their columns, and the numbers of its choices by the declaration's words.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/serviceendpoint
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/sdkmessageprocessingstep
 */
import { columnsField, type Fields, type FieldValue, type ItemKind } from './item';

/**
 * What an endpoint is: `contract`. A queue is the persistent one: 2 was a message buffer, which was retired.
 * https://learn.microsoft.com/previous-versions/dynamicscrm-2013/developers-guide/gg309657(v=crm.6)
 */
export const CONTRACTS = { queue: 6, topic: 5, eventHub: 7, webhook: 8 } as const;

/** How an endpoint is shown that it is Dataverse: `authtype`. */
const AUTH_KINDS = { sasKey: 2, sasToken: 3, webhookKey: 4, httpHeader: 5, httpQueryString: 6 } as const;

/** In what form the context is sent: `messageformat`. */
export const FORMATS = { binary: 1, json: 2, xml: 3 } as const;

/** `messagecharset`. */
export const CHARSETS = { default: 0, utf8: 1 } as const;

/** What a message's properties say of the user: `userclaim`. */
export const CLAIMS = { none: 1, userId: 2, userInfo: 3 } as const;

/** `stage`. */
export const STAGES = { preValidation: 10, preOperation: 20, postOperation: 40 } as const;

/** `mode`. */
export const MODES = { synchronous: 0, asynchronous: 1 } as const;

/** `imagetype`. */
export const IMAGE_TYPES = { pre: 0, post: 1, both: 2 } as const;

/** The words of one of these, as a list that a schema takes. */
export const wordsOf = <W extends string>(numbers: Readonly<Record<W, number>>): [W, ...W[]] =>
  Object.keys(numbers) as [W, ...W[]];

/** A column of a registration table: what it is read and written as. */
interface RegistrationColumn {
  readonly field: string;
  readonly column: string;
  /** Numbers of a choice by their words. */
  readonly words?: Readonly<Record<string, number>>;
  /** Words of other numbers, which are read and not written. */
  readonly alsoMean?: Readonly<Record<number, string>>;
  /** What an empty column means. */
  readonly absent?: string;
  /** A list of columns, with commas. */
  readonly isList?: true;
  /** The row that it refers to: its navigation property and entity set. Read, it is the row's id. */
  readonly refersTo?: { readonly navigation: string; readonly set: string };
}

/** A table in which something is registered. */
interface RegistrationTable {
  readonly set: string;
  readonly id: string;
  readonly columns: readonly RegistrationColumn[];
  /** What is read beside them. */
  readonly alsoRead: readonly string[];
  /** What a new row gets, which nobody needs to choose. */
  readonly fixed: (fields: Fields) => Readonly<Record<string, number | string>>;
}

/**
 * Where each field lies.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/serviceendpoint
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/sdkmessageprocessingstep
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/sdkmessageprocessingstepimage
 */
export const TABLES: Readonly<Record<ItemKind, RegistrationTable>> = {
  endpoint: {
    set: 'serviceendpoints',
    id: 'serviceendpointid',
    columns: [
      { field: 'name', column: 'name' },
      { field: 'description', column: 'description' },
      { field: 'kind', column: 'contract', words: CONTRACTS, alsoMean: { 2: 'queue' } },
      { field: 'auth', column: 'authtype', words: AUTH_KINDS },
      { field: 'url', column: 'url' },
      { field: 'sasName', column: 'saskeyname' },
      { field: 'namespace', column: 'namespaceaddress' },
      { field: 'namespaceName', column: 'solutionnamespace' },
      { field: 'path', column: 'path' },
      { field: 'format', column: 'messageformat', words: FORMATS, absent: 'binary' },
      { field: 'charset', column: 'messagecharset', words: CHARSETS, absent: 'default' },
      { field: 'claims', column: 'userclaim', words: CLAIMS, absent: 'none' },
    ],
    alsoRead: ['modifiedon', 'ismanaged', 'isauthvalueset', 'issaskeyset', 'issastokenset'],
    // Normal connections; a webhook is sent JSON, whatever is set; a namespace is given by its address.
    fixed: ({ kind }) =>
      kind === 'webhook'
        ? { connectionmode: 1, messageformat: FORMATS.json, messagecharset: CHARSETS.utf8, userclaim: CLAIMS.none }
        : { connectionmode: 1, namespaceformat: 2 },
  },
  step: {
    set: 'sdkmessageprocessingsteps',
    id: 'sdkmessageprocessingstepid',
    columns: [
      { field: 'name', column: 'name' },
      { field: 'description', column: 'description' },
      { field: 'message', column: 'sdkmessageid', refersTo: { navigation: 'sdkmessageid', set: 'sdkmessages' } },
      {
        field: 'table',
        column: 'sdkmessagefilterid',
        refersTo: { navigation: 'sdkmessagefilterid', set: 'sdkmessagefilters' },
      },
      {
        field: 'endpoint',
        column: 'eventhandler',
        refersTo: { navigation: 'eventhandler_serviceendpoint', set: 'serviceendpoints' },
      },
      { field: 'stage', column: 'stage', words: STAGES },
      { field: 'mode', column: 'mode', words: MODES },
      { field: 'rank', column: 'rank' },
      { field: 'filteringColumns', column: 'filteringattributes', isList: true },
      { field: 'asyncAutoDelete', column: 'asyncautodelete' },
      { field: 'enabled', column: 'statecode' },
    ],
    alsoRead: ['modifiedon', 'ismanaged'],
    // On the server.
    fixed: () => ({ supporteddeployment: 0 }),
  },
  image: {
    set: 'sdkmessageprocessingstepimages',
    id: 'sdkmessageprocessingstepimageid',
    columns: [
      { field: 'description', column: 'description' },
      {
        field: 'step',
        column: 'sdkmessageprocessingstepid',
        refersTo: { navigation: 'sdkmessageprocessingstepid', set: 'sdkmessageprocessingsteps' },
      },
      { field: 'alias', column: 'entityalias' },
      { field: 'type', column: 'imagetype', words: IMAGE_TYPES },
      { field: 'property', column: 'messagepropertyname' },
      { field: 'columns', column: 'attributes', isList: true },
    ],
    alsoRead: ['modifiedon', 'ismanaged'],
    fixed: ({ alias }) => ({ name: String(alias) }),
  },
};

/** The property in which a column is read. */
export const readName = ({ column, refersTo }: RegistrationColumn): string =>
  refersTo === undefined ? column : `_${column}_value`;

/** A field as a row has it. */
export function readField(of: RegistrationColumn, row: Readonly<Record<string, unknown>>): FieldValue {
  const value = row[readName(of)];
  if (of.column === 'statecode') return value === 0;
  if (of.isList === true) return typeof value === 'string' ? columnsField(value.split(',')) : null;
  if (of.words !== undefined) {
    const word = Object.entries(of.words).find(([, number]) => number === value)?.[0] ?? of.alsoMean?.[Number(value)];
    return word ?? (typeof value === 'number' ? `${of.column} ${value}` : (of.absent ?? null));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** The columns of a row that some fields are written to. References are the ids of the rows they refer to. */
export function writtenColumns(kind: ItemKind, fields: Fields): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const of of TABLES[kind].columns) {
    const value = fields[of.field];
    if (value === undefined) continue;
    if (of.column === 'statecode') Object.assign(written, value === true ? ENABLED : DISABLED);
    else if (of.refersTo !== undefined)
      written[`${of.refersTo.navigation}@odata.bind`] = value === null ? null : `/${of.refersTo.set}(${String(value)})`;
    else written[of.column] = of.words === undefined ? value : (of.words[String(value)] ?? null);
  }
  return written;
}

const ENABLED = { statecode: 0, statuscode: 1 };
const DISABLED = { statecode: 1, statuscode: 2 };

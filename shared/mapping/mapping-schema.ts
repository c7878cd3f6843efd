/**
 * The form of a mapping file. It is what the file is validated with, and what editors get as JSON Schema
 * (docs/mapping.schema.json); what no schema can say is in mapping-rules.ts.
 */
import * as z from 'zod';
import { TARGET_TYPES } from './convert';
import { strict } from '../yaml/schema-faults';
import { inboundSection } from './inbound-schema';

const TARGET_FORM = /^[A-Za-z_][A-Za-z0-9_]{0,100}$/;
const target = z
  .string()
  .regex(TARGET_FORM, 'must be a name of letters, digits and underscores, 101 at most, that begins with no digit');
const tableName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,62}$/, 'must be a name of letters, digits and underscores that begins with a letter');

const unmapped = z.enum(['park', 'refuse', 'ignore']);

const kept = z.int('must be a whole number').min(0, 'must be at least 0').max(100, 'must be at most 100');

const redaction = z
  .union(
    [
      z.enum(['drop', 'hash', 'mask']),
      strict({
        mask: strict({
          keepFirst: kept.optional().describe('Characters at the beginning that stay.'),
          keepLast: kept.optional().describe('Characters at the end that stay.'),
        }),
      }),
    ],
    { error: 'must be drop, hash, mask, or { mask: { keepFirst, keepLast } }' },
  )
  .describe(
    'drop: not stored. hash: HMAC-SHA-256 with the key in REDACTION_KEY. mask: asterisks, at most half of the characters kept.',
  );

const column = z
  .union(
    [
      z.union([z.enum(['keep', 'drop']), target]).describe('keep, drop, or the name of the column in the store.'),
      strict({
        to: target.optional().describe('Name of the column in the store. Default: its own.'),
        drop: z.literal(true, 'must be true, or left out').optional().describe('The column is not stored.'),
        as: z.enum(TARGET_TYPES).optional().describe('Type in the store. Default: as docs/store.md says.'),
        label: z
          .enum(['all', 'first', 'none'])
          .optional()
          .describe('Labels of a choice: of every language in languages, the first that there is (default), or none.'),
        lookup: z
          .array(z.enum(['id', 'table', 'name']))
          .optional()
          .describe('Parts of a lookup that are stored: id (always), table, name. Default: all three.'),
        redact: redaction.optional(),
      }),
    ],
    { error: 'must be keep, drop, a name, or a mapping with to, drop, as, label, lookup or redact' },
  )
  .describe('What becomes of a column.');

const others = z
  .enum(['keep', 'drop'])
  .optional()
  .describe("What becomes of columns that aren't named here. Default: keep.");
const columns = z
  .object({ '*': others })
  .catchall(column)
  .describe('Columns by logical name; * stands for the others.');

/** A value to compare with. */
export const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: 'must be a text, a number, true or false',
});
/** Some of them. */
export const scalars = z.array(scalar).min(1, 'must hold at least one value');
/** One that has an order. */
export const comparable = z.union([z.string(), z.number()], { error: 'must be a text or a number' });

/** A condition on a column. */
export const condition = z
  .union(
    [
      scalar,
      strict({
        eq: scalar.optional().describe('Equal.'),
        ne: scalar.optional().describe('Not equal, or empty.'),
        in: scalars.optional().describe('Equal to one of these.'),
        notIn: scalars.optional().describe('Equal to none of these, or empty.'),
        gt: comparable.optional().describe('Greater, later.'),
        gte: comparable.optional().describe('Greater or equal.'),
        lt: comparable.optional().describe('Less, earlier.'),
        lte: comparable.optional().describe('Less or equal.'),
        isNull: z.boolean('must be true or false').optional().describe('Empty, or not.'),
        startsWith: z.string().optional().describe('The text begins so, case and all.'),
        contains: z
          .union([z.string(), z.number()], { error: 'must be a text or a number' })
          .optional()
          .describe('The text contains it, case and all; the choices hold this value.'),
      }),
    ],
    { error: 'must be a value, or a mapping of operators (for empty columns: { isNull: true })' },
  )
  .describe('A value to equal, or operators that must all hold.');

const key = strict(
  {
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9._~-]{1,50}$/, 'must be letters, digits, . _ ~ or -, 50 at most')
      .optional()
      .describe('Put before the id.'),
    format: z.enum(['D', 'N']).optional().describe('D: the id with hyphens (default). N: without.'),
  },
  {
    columns: "can't be: a row's key must come from its id, since a delete carries nothing else",
    column: "can't be: a row's key must come from its id, since a delete carries nothing else",
  },
).describe("RowKey of a row, made from its id. The PartitionKey is the id's first digit.");

const table = z
  .union(
    [
      z.null(),
      strict({
        target: tableName
          .optional()
          .describe('Name of the table in the store, before LOB_TABLE_PREFIX. Default: its own.'),
        key: key.optional(),
        columns: columns.optional(),
        filter: z
          .record(z.string(), condition)
          .optional()
          .describe(
            'Conditions by column, all of which must hold; a row that stops meeting them is deleted downstream.',
          ),
        inbound: inboundSection.optional(),
      }),
    ],
    { error: 'must be a mapping with target, key, columns, filter or inbound, or empty' },
  )
  .describe('A table, by logical name; empty: every column as it is.');

const event = z
  .union(
    [
      z.null(),
      strict({
        target: tableName.optional().describe("Name of the event table in the store. Default: the message's name."),
        synchronous: z
          .enum(['park', 'store'])
          .optional()
          .describe('Events of a synchronous step, whose transaction may have been rolled back. Default: park.'),
        columns: z
          .object({ '*': others })
          .catchall(column)
          .optional()
          .describe(
            'By input.NAME, output.NAME, variable.NAME. input and output are kept by default, variable dropped.',
          ),
      }),
    ],
    { error: 'must be a mapping with target, synchronous or columns, or empty' },
  )
  .describe('The events of one message.');

/** The whole file. */
export const mappingSchema = strict({
  languages: z
    .array(z.int('must be a language code such as 1033').min(1, 'must be a language code such as 1033'))
    .optional()
    .describe('Languages of choice labels, the preferred one first. Default: 1033 (English), then the lowest code.'),
  unmapped: strict({
    tables: unmapped.optional(),
    relationships: unmapped.optional(),
    messages: unmapped.optional(),
  })
    .optional()
    .describe('What becomes of events of what is not named: park (default), refuse, or ignore (counted and logged).'),
  newColumns: z
    .enum(['backfill', 'add'])
    .optional()
    .describe('A new column: loads the table again (backfill, the default), or comes with rows that change (add).'),
  tables: z.record(z.string(), table).optional().describe('Tables by logical name.'),
  links: z
    .record(
      z.string(),
      z.union([z.null(), strict({ target: tableName.optional().describe('Name of the link table in the store.') })], {
        error: 'must be a mapping with target, or empty',
      }),
    )
    .optional()
    .describe('N:N relationships by schema name.'),
  events: z
    .record(z.string(), event)
    .optional()
    .describe('Custom actions, custom APIs and business events by message name.'),
}).describe('How Dataverse tables lie in the LOB store. docs/mapping.md');

/** A mapping file of the right form. */
export type MappingFile = z.output<typeof mappingSchema>;
export type FileColumn = z.output<typeof column>;
export type FileRedaction = z.output<typeof redaction>;
export type FileCondition = z.output<typeof condition>;
export type FileTable = z.output<typeof table>;
export type FileEvent = z.output<typeof event>;
export type FileColumns = z.output<typeof columns>;

/** The JSON Schema of mapping files, for editors. */
export const mappingJsonSchema = (): unknown =>
  z.toJSONSchema(mappingSchema, { target: 'draft-7', io: 'input', unrepresentable: 'any' });

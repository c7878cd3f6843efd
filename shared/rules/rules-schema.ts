/**
 * The form of a rules file. It is what the file is validated with, and what editors get as JSON Schema
 * (docs/rules.schema.json); what no schema can say is in compile-rules.ts.
 */
import * as z from 'zod';
import { comparable, condition, scalar, scalars } from '../mapping/mapping-schema';
import { strict } from '../yaml/schema-faults';

const filled = (value: object): boolean => Object.keys(value).length > 0;
const ofColumns = <T extends z.ZodType>(of: T) =>
  z.record(z.string(), of).refine(filled, 'must name at least one column');
const columnNames = z.array(z.string()).min(1, 'must name at least one column');

const oneOrMore = z.union([scalar, scalars], { error: 'must be a value, or a list of values' });

const code = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,63}$/,
    'must be lower-case letters, digits and hyphens, 64 at most, that begin with a letter',
  )
  .describe('What the answer and the log call the rule.');

const message = z
  .string()
  .min(1, 'must not be empty')
  .max(1000, 'must not be longer than 1000 characters')
  .describe('What to do, for whoever made the change. A webhook can not show it: docs/validation.md');

/** The operations that a rule of a table can be for. */
export const OPERATIONS = ['Create', 'Update', 'Delete'] as const;
/** What an operation does to a row, one at a time or many. */
export type Operation = (typeof OPERATIONS)[number];

const conditions = {
  when: ofColumns(condition)
    .optional()
    .describe('The rule is for rows that meet all of these: the row as it will be, of a message its parameters.'),
};

const checks = {
  required: columnNames.optional().describe('Columns that must not be empty.'),
  range: ofColumns(
    strict({
      min: comparable.optional().describe('The least value that is right.'),
      max: comparable.optional().describe('The greatest.'),
    }).refine(filled, 'must have min, max or both'),
  )
    .optional()
    .describe('Numbers and dates (ISO) by column. An empty column is right.'),
  pattern: ofColumns(z.string().max(1000, 'must not be longer than 1000 characters'))
    .optional()
    .describe('Regular expressions by column, which the whole text must match. An empty column is right.'),
  oneOf: ofColumns(scalars).optional().describe('Values by column. An empty column is right.'),
  expr: z
    .string()
    .min(1, 'must not be empty')
    .max(4000, 'must not be longer than 4000 characters')
    .optional()
    .describe('What must be true, in CEL, on target, image, user and message.'),
};

const tableRule = strict({
  code,
  message,
  on: z
    .union([z.enum(OPERATIONS), z.array(z.enum(OPERATIONS)).min(1, 'must name at least one operation')], {
      error: `must be ${OPERATIONS.join(', ')}, or a list of them`,
    })
    .optional()
    .describe('Operations that the rule is for, single rows or many. Default: Create and Update.'),
  ...conditions,
  changed: z
    .union(
      [
        columnNames,
        ofColumns(
          strict({
            from: oneOrMore.optional().describe('Only from one of these values.'),
            to: oneOrMore.optional().describe('Only to one of these values.'),
          }),
        ),
      ],
      { error: 'must be a list of columns, or a mapping of columns to from and to' },
    )
    .optional()
    .describe('The rule is for updates that change one of these columns; on Create it never is.'),
  ...checks,
  unique: columnNames
    .optional()
    .describe('No other row in the LOB store may have these values together. Needs a table that is kept in step.'),
  transitions: ofColumns(z.record(z.string(), z.array(scalar)))
    .optional()
    .describe('By column and by its value before: the values that may follow.'),
}).describe('A rule without a check refuses whatever its conditions are for.');

const messageRule = strict({ code, message, ...conditions, ...checks });

/** The whole file. */
export const rulesSchema = strict({
  image: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,99}$/, 'must be the alias of an image')
    .optional()
    .describe('Alias of the pre image that has every column the rules look at. Default: pre.'),
  tables: z.record(z.string(), z.array(tableRule)).optional().describe('Rules by the logical name of their table.'),
  messages: z
    .record(z.string(), z.array(messageRule))
    .optional()
    .describe('Rules by the name of a message, on its parameters: custom APIs, actions, Assign and others.'),
}).describe('What must hold before Dataverse saves. docs/validation.md');

/** A rules file of the right form. */
export type RulesFile = z.output<typeof rulesSchema>;
export type FileTableRule = z.output<typeof tableRule>;
export type FileMessageRule = z.output<typeof messageRule>;
/** A rule of either kind. */
export type FileRule = FileTableRule | FileMessageRule;

/** The JSON Schema of rules files, for editors. */
export const rulesJsonSchema = (): unknown =>
  z.toJSONSchema(rulesSchema, { target: 'draft-7', io: 'input', unrepresentable: 'any' });

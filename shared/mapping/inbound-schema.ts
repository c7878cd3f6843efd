/** The form of a table's `inbound` section in a mapping file: what the LOB system may change in Dataverse, and how. */
import * as z from 'zod';
import { strict } from '../yaml/schema-faults';

const owner = z.enum(['dataverse', 'lob']).describe('Whose value counts. Without an owner the later change wins.');

const columnList = z.union([z.string(), z.array(z.string()).min(1, 'must hold at least one column').max(16)], {
  error: 'must be a column, or a list of columns',
});

const column = z
  .union(
    [
      z.null(),
      owner,
      strict({
        from: z
          .string()
          .regex(/^\S{1,128}$/, 'must be a name without blanks, 128 characters at most')
          .optional()
          .describe("Its name in messages. Default: the column's name in the store."),
        owner: owner.optional(),
        lookup: z
          .record(z.string(), z.union([z.null(), columnList], { error: 'must be a column, a list, or empty' }))
          .optional()
          .describe(
            'For each table that the lookup may refer to: the alternate key that messages give. Empty: the id.',
          ),
      }),
    ],
    { error: 'must be empty, dataverse, lob, or a mapping with from, owner or lookup' },
  )
  .describe('A column that messages may bring.');

/** The section of one table. */
export const inboundSection = strict({
  key: columnList.optional().describe('The columns of the alternate key by which messages name rows.'),
  create: z.boolean('must be true or false').optional().describe('Whether messages may create rows. Default: true.'),
  update: z.boolean('must be true or false').optional().describe('Whether messages may change rows. Default: true.'),
  delete: z.boolean('must be true or false').optional().describe('Whether messages may delete rows. Default: false.'),
  others: z
    .enum(['refuse', 'ignore'])
    .optional()
    .describe(
      "What becomes of a message with columns that aren't named here: parked (default), or written without them.",
    ),
  columns: z.record(z.string(), column).describe('Columns by logical name.'),
}).describe('What the LOB system may change in Dataverse. docs/inbound.md');

/** A section of the right form. */
export type FileInbound = z.output<typeof inboundSection>;
export type FileInboundColumn = z.output<typeof column>;

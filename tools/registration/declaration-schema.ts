/**
 * The form of `dataverse.yaml`. It is what the file is validated with, and what editors get as JSON Schema
 * (docs/dataverse.schema.json); what no schema can say is in declaration-rules.ts.
 */
import * as z from 'zod';
import { strict } from '../../shared/yaml/schema-faults';
import { CHARSETS, CLAIMS, FORMATS, IMAGE_TYPES, MODES, STAGES, wordsOf } from './registration-tables';

/** Names in a declaration: of its owner, endpoints, steps and environments. */
export const KEY = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;
const key = z.string().regex(KEY, 'must be a name of letters, digits, _ and -, 40 at most, that begins with a letter');
const guid = z.guid('must be an id such as 00000000-0000-0000-0000-000000000000');
const logicalName = z.string().regex(/^[a-z][a-z0-9_]{0,127}$/, 'must be a logical name (lower case)');
const message = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,255}$/, 'must be the name of a message, such as Update');

const oneOrMore = <T extends z.ZodType>(item: T, what: string) =>
  z.union([item, z.array(item).min(1, `must name at least one ${what}`)], { error: `must be a ${what}, or a list` });

const name = z.string().min(1, 'must not be empty').max(256, 'must not be longer than 256 characters').optional();
const id = guid.optional().describe('Id of an existing item to take over. Default: an id made of owner and name.');

const secret = z
  .union(
    [
      strict({
        env: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
          .describe('Environment variable that holds the secret.'),
      }),
      strict({
        keyVault: z
          .string()
          .regex(
            /^https:\/\/[a-z0-9.-]+(?::\d+)?\/secrets\/[A-Za-z0-9-]+(?:\/[0-9a-f]+)?$/,
            'must be the address of a secret: https://VAULT.vault.azure.net/secrets/NAME',
          )
          .describe('Address of the secret in Key Vault, read as you (az login) or as the identity that runs this.'),
      }),
    ],
    {
      error: 'must be { env: NAME } or { keyVault: https://VAULT.vault.azure.net/secrets/NAME }: never a secret itself',
    },
  )
  .describe('Where a secret is.');

const named = z.record(z.string().min(1), secret).refine((value) => Object.keys(value).length > 0, 'must not be empty');

const hasOne = (value: object): boolean => Object.keys(value).length === 1;

/** Longest descriptions, in characters: their marks have to find room beside them. */
export const MAX_DESCRIPTION = { endpoint: 1500, step: 120 } as const;
const descriptionOf = (longest: number) =>
  z.string().max(longest, `must not be longer than ${longest} characters`).optional();

const common = {
  name: name.describe('Name in Dataverse. Default: owner and key.'),
  description: descriptionOf(MAX_DESCRIPTION.endpoint),
  id,
};

const webhook = strict({
  kind: z.literal('webhook'),
  ...common,
  url: z.string().describe('Absolute address, without a query: keys go into auth.'),
  auth: strict({
    webhookKey: secret.optional().describe('Sent as ?code=…, as Azure Functions expects it.'),
    httpHeader: named.optional().describe('Headers by name.'),
    httpQueryString: named.optional().describe('Query parameters by name.'),
  })
    .refine(hasOne, 'must have one of webhookKey, httpHeader, httpQueryString')
    .describe('How Dataverse authenticates to the webhook.'),
});

const bus = {
  ...common,
  namespace: z.string().describe('Address of the namespace: sb://NAME.servicebus.windows.net/'),
  path: z
    .string()
    .min(1, 'must not be empty')
    .max(160, 'must not be longer than 160 characters')
    .describe('Name of the queue, topic or event hub.'),
  auth: strict({
    sasKey: strict({ name: z.string().min(1, 'must not be empty'), key: secret }).optional(),
    sasToken: secret.optional(),
  })
    .refine(hasOne, 'must have one of sasKey: { name, key }, sasToken')
    .describe('A shared access policy that may Send to this entity, and nothing else.'),
  format: z.enum(wordsOf(FORMATS)).optional().describe('Form of the context. Default: json.'),
  charset: z.enum(wordsOf(CHARSETS)).optional().describe('Default: utf8.'),
  claims: z
    .enum(wordsOf(CLAIMS))
    .optional()
    .describe('What the message says of the user, beside the context. Default: none.'),
};

const endpoint = z.discriminatedUnion(
  'kind',
  [
    webhook,
    strict({ kind: z.literal('queue'), ...bus }),
    strict({ kind: z.literal('topic'), ...bus }),
    strict({ kind: z.literal('eventHub'), ...bus }),
  ],
  { error: 'must be a mapping whose kind is one of webhook, queue, topic, eventHub' },
);

const columns = z.array(logicalName).min(1, 'must name at least one column, or be left out');

const image = strict({
  type: z.enum(wordsOf(IMAGE_TYPES)),
  columns: z
    .union([z.literal('all'), columns], { error: 'must be all, or a list of columns' })
    .describe('Columns by logical name, or all. Dataverse removes the images of a context that is too large.'),
  property: z
    .string()
    .optional()
    .describe(
      "The parameter whose row the image shows, such as SubordinateId of Merge. Default: the message's first one.",
    ),
  id,
});

const step = strict({
  table: oneOrMore(logicalName, 'table')
    .optional()
    .describe('Table by logical name, or several. Absent: all, or none for messages that have no table.'),
  message: oneOrMore(message, 'message').describe('Message, or several: one step for each message and table.'),
  endpoint: key.describe('One of endpoints.'),
  stage: z.enum(wordsOf(STAGES)).optional().describe('Default: postOperation.'),
  mode: z.enum(wordsOf(MODES)).optional().describe('Default: asynchronous.'),
  rank: z
    .int('must be a whole number')
    .min(-2_147_483_648, 'must be at least -2147483648')
    .max(2_147_483_647, 'must be at most 2147483647')
    .optional()
    .describe('Order among the steps of one stage. Default: 1.'),
  filteringColumns: columns.optional().describe('Fires only when one of these is in the request. Update only.'),
  asyncAutoDelete: z
    .boolean()
    .optional()
    .describe('Whether the system job of a successful delivery is deleted. Default: true for asynchronous steps.'),
  enabled: z.boolean().optional().describe('Default: true.'),
  name: name.describe('Name in Dataverse, for a step of one message and table. Default: message, table and endpoint.'),
  description: descriptionOf(MAX_DESCRIPTION.step),
  images: z.record(z.string(), image).optional().describe('Images by alias.'),
  id,
});

const environment = strict({
  url: z.string().describe('https://ORG.crm4.dynamics.com'),
  values: z.record(z.string(), z.string()).optional().describe('Values of ${NAME} in this environment.'),
});

/** The whole file. */
export const declarationSchema = strict({
  owner: key.describe('Owner of the registrations: only items with its mark are ever changed or deleted.'),
  environments: z.record(key, environment).optional().describe('Environments by name, for --environment.'),
  endpoints: z.record(key, endpoint).optional().describe('Service endpoints by name.'),
  steps: z.record(key, step).optional().describe('Steps by name.'),
  changeTracking: z
    .array(logicalName)
    .optional()
    .describe('Tables whose change tracking is enabled, so that they can be pulled. It is never disabled.'),
}).describe('What is registered in Dataverse. docs/connect.md');

/** A declaration of the right form. */
export type Declaration = z.output<typeof declarationSchema>;
export type DeclaredEndpoint = z.output<typeof endpoint>;
export type DeclaredStep = z.output<typeof step>;
export type DeclaredImage = z.output<typeof image>;
export type DeclaredSecret = z.output<typeof secret>;

/** The JSON Schema of declarations, for editors. */
export const declarationJsonSchema = (): unknown =>
  z.toJSONSchema(declarationSchema, { target: 'draft-7', io: 'input', unrepresentable: 'any' });

import { WEBHOOK_DEFAULTS } from '../../shared/receive/webhook-endpoint';
import { NOTICE_MESSAGES } from '../../shared/context/messages/row-notice';
import { WEBHOOK_ENDPOINT, WEBHOOK_STATUS } from '../../shared/receive/webhook-endpoint';
import { VERDICTS } from '../../shared/writer/decide';

/** What differs from one deployment to another. */
export interface Deployment {
  readonly host: string;
  /** WEBHOOK_KEY_NAME. */
  readonly keyName: string;
  /** WEBHOOK_MAX_KILOBYTES. */
  readonly maxKilobytes: number;
}

/** A deployment of which nothing is known. */
export const SOME_DEPLOYMENT: Deployment = { host: 'your-app.azurewebsites.net', ...WEBHOOK_DEFAULTS };

/** Of the interface, not of the app: moves when a client has to know of a change. */
const INTERFACE_VERSION = '1.0.0';

/** A schema in the dialect of OpenAPI 2.0, or another part of a document. */
type Part = Readonly<Record<string, unknown>>;

const text = (title: string, description: string, more: Part = {}): Part => ({
  type: 'string',
  description,
  'x-ms-summary': title,
  ...more,
});

/** Rows of tables have ids that are GUIDs; links and events have keys of their own. */
const CHANGE: Part = {
  type: 'object',
  required: ['table', 'id', 'verdict'],
  additionalProperties: false,
  properties: {
    table: text('Table', 'Logical name of the table; for an event the table that it is stored in.'),
    id: text('Id', 'Id of the row, or key of the event.'),
    verdict: text('Verdict', 'How the change was processed.', { enum: [...VERDICTS, 'stored'] }),
  },
};

const answer = (description: string, outcomes: readonly string[]): Part => ({
  type: 'object',
  description,
  required: ['outcome', 'code', 'message'],
  additionalProperties: false,
  properties: {
    outcome: text('Outcome', 'What became of it.', { enum: outcomes }),
    code: text('Code', 'The cause: stable, for programs.'),
    message: text('Message', 'The cause in words, and what to do.'),
  },
});

const TAKEN: Part = {
  type: 'object',
  description: 'Processed: "changes". Ignored, as the mapping file says: "code" and "message".',
  required: ['outcome'],
  additionalProperties: false,
  properties: {
    outcome: text('Outcome', 'What became of it.', { enum: ['processed', 'ignored'] }),
    changes: { type: 'array', items: CHANGE, description: 'Every change that it told of.', 'x-ms-summary': 'Changes' },
    code: text('Code', 'The cause: stable, for programs.'),
    message: text('Message', 'The cause in words, and what to do.'),
  },
};

/** The members of a notice, those that a flow should send first. */
const NOTICE_MEMBERS: Part = {
  table: text('Table', "Logical name of the row's table.", { 'x-ms-visibility': 'important' }),
  id: text('Row id', "The row's id (a GUID): ItemInternalId of the trigger.", { 'x-ms-visibility': 'important' }),
  message: text('Message', 'What happened to the row: SdkMessage of the trigger.', {
    enum: [...NOTICE_MESSAGES],
    'x-ms-visibility': 'important',
  }),
  version: text('Row version', 'RowVersion of the trigger. A read that shows an older one is tried again.', {
    'x-ms-visibility': 'advanced',
  }),
  modifiedon: text('Modified on', 'When the row changed, in UTC: to tell how late the notice is.', {
    'x-ms-visibility': 'advanced',
  }),
  organization: text('Organisation', "The organisation's id (a GUID). Of another one than the store's it is refused.", {
    'x-ms-visibility': 'advanced',
  }),
  row: {
    type: 'object',
    additionalProperties: true,
    description: "The trigger's body, instead of id, message, version and modifiedon. Its columns aren't used.",
    'x-ms-summary': 'Row',
    'x-ms-visibility': 'advanced',
  },
};

/** The members without which a body is no execution context. */
const CONTEXT_MEMBERS = {
  ...Object.fromEntries(['MessageName', 'PrimaryEntityName'].map((name) => [name, { type: 'string', minLength: 1 }])),
  ...Object.fromEntries(['Stage', 'Mode', 'Depth'].map((name) => [name, { type: 'integer' }])),
  ...Object.fromEntries(
    ['PrimaryEntityId', 'CorrelationId', 'OperationId', 'UserId', 'InitiatingUserId'].map((name) => [
      name,
      { type: 'string' },
    ]),
  ),
  OrganizationId: { type: 'string' },
  OperationCreatedOn: { type: 'string' },
};

const DEFINITIONS: Part = {
  Pushed: {
    type: 'object',
    description: 'A Notice, or an ExecutionContext, which has no member in common with it.',
    additionalProperties: true,
    properties: NOTICE_MEMBERS,
  },
  Notice: {
    type: 'object',
    description: 'That a row changed. A flow sends it; the row is then read.',
    required: ['table', 'id', 'message'],
    properties: NOTICE_MEMBERS,
  },
  ExecutionContext: {
    type: 'object',
    description: "What Dataverse's service endpoints send (RemoteExecutionContext in JSON).",
    required: Object.keys(CONTEXT_MEMBERS),
    additionalProperties: true,
    properties: CONTEXT_MEMBERS,
  },
  Taken: TAKEN,
  Parked: answer('Kept durably, and processed later by itself or by an operator.', ['parked']),
  Bad: answer('Not readable and kept for an operator, or refused as the mapping file says.', ['parked', 'refused']),
  Refused: answer('Nothing of it is kept.', ['refused']),
};

const ANSWERS: Readonly<Record<keyof typeof WEBHOOK_STATUS, readonly [description: string, definition: string]>> = {
  processed: ['Processed, or ignored.', 'Taken'],
  parked: ['Kept, to be processed later.', 'Parked'],
  refused: ["It can't be read, or isn't wanted.", 'Bad'],
  unauthorized: ['No valid key.', 'Refused'],
  noLength: ['The body came in chunks, without a Content-Length.', 'Refused'],
  tooLarge: ['The body is too large.', 'Refused'],
  contentType: ['The content type is another one.', 'Refused'],
  unavailable: ['Nothing could be kept: try again.', 'Refused'],
};

/**
 * The app's HTTP interface as an OpenAPI 2.0 document: the version that custom connectors of Power Platform and Logic Apps
 * take, of 1 MB at most and with one way to sign in.
 * https://learn.microsoft.com/connectors/custom-connectors/define-openapi-definition
 * The extensions (x-ms-…) are those of https://learn.microsoft.com/connectors/custom-connectors/openapi-extensions
 */
export function openApiDocument({ host, keyName, maxKilobytes }: Deployment): Part {
  const { route, method, contentType, codeParameter, truncatedHeader } = WEBHOOK_ENDPOINT;
  const responses = Object.entries(WEBHOOK_STATUS).map(([reason, status]) => {
    const [description, definition] = ANSWERS[reason as keyof typeof WEBHOOK_STATUS];
    return [String(status), { description, schema: { $ref: `#/definitions/${definition}` } }] as const;
  });
  return {
    swagger: '2.0',
    info: {
      title: 'dataverse-outbound',
      description: 'Takes what changed in Dataverse, to keep a line-of-business store in step with it.',
      version: INTERFACE_VERSION,
    },
    host,
    basePath: '/api',
    schemes: ['https'],
    consumes: [contentType],
    produces: [contentType],
    paths: {
      [`/${route}`]: {
        [method.toLowerCase()]: {
          operationId: 'NotifyRow',
          summary: 'Tell that a row changed',
          description:
            'A flow tells which row of which table changed: it is read from Dataverse and stored as it is then, however late, ' +
            'often or out of order that is told. Dataverse itself posts execution contexts to the same address. ' +
            `${maxKilobytes} KB at most.`,
          'x-ms-visibility': 'important',
          parameters: [
            {
              name: 'body',
              in: 'body',
              required: true,
              description: 'A notice, or an execution context.',
              schema: { $ref: '#/definitions/Pushed' },
            },
            {
              name: truncatedHeader,
              in: 'header',
              required: false,
              type: 'string',
              description: 'Sent by Dataverse where it removed members of a context for size.',
              'x-ms-visibility': 'internal',
            },
          ],
          responses: Object.fromEntries(responses),
          security: [{ key: [] }],
        },
      },
    },
    definitions: DEFINITIONS,
    securityDefinitions: {
      key: {
        type: 'apiKey',
        in: 'header',
        name: keyName,
        description: `One of WEBHOOK_KEYS. Also taken as query parameter "${codeParameter}" or "${keyName}".`,
      },
    },
    security: [{ key: [] }],
  };
}

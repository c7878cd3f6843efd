import type { ColumnDefinition, Option, TableDefinition } from '../metadata/table';

const option = (value: number, label: string): Option => ({ value, label });

/**
 * Contracts of a service endpoint that are posted to here. Both sorts of queue are the queue of today: which one the
 * Plug-in Registration tool writes is not known.
 */
export const CONTRACT = { queue: 2, topic: 5, persistentQueue: 6, eventHub: 7, webhook: 8 } as const;

/** How an endpoint is shown that the caller may post to it. */
export const AUTH_TYPE = {
  sasKey: 2,
  sasToken: 3,
  webhookKey: 4,
  httpHeader: 5,
  httpQueryString: 6,
  connectionString: 7,
} as const;

/** Content types of a message. */
export const MESSAGE_FORMAT = { binaryXml: 1, json: 2, textXml: 3 } as const;

/** The secrets of an endpoint, each with the column that says whether it is set. */
export const SECRETS = { authvalue: 'isauthvalueset', saskey: 'issaskeyset', sastoken: 'issastokenset' } as const;

/**
 * Where events are posted to.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/serviceendpoint
 */
export const SERVICE_ENDPOINT: TableDefinition = {
  logicalName: 'serviceendpoint',
  entitySetName: 'serviceendpoints',
  primaryId: 'serviceendpointid',
  primaryName: 'name',
  changeTracking: false,
  ownership: 'organization',
  stateless: true,
  columns: [
    { logicalName: 'name', type: 'string', maxLength: 256 },
    { logicalName: 'description', type: 'memo', maxLength: 2000 },
    {
      logicalName: 'contract',
      type: 'choice',
      options: [
        option(1, 'OneWay'),
        option(CONTRACT.queue, 'Queue'),
        option(3, 'Rest'),
        option(4, 'TwoWay'),
        option(CONTRACT.topic, 'Topic'),
        option(CONTRACT.persistentQueue, 'Queue (Persistent)'),
        option(CONTRACT.eventHub, 'Event Hub'),
        option(CONTRACT.webhook, 'Webhook'),
        option(9, 'Event Grid'),
        option(10, 'Managed Data Lake'),
      ],
    },
    {
      logicalName: 'authtype',
      type: 'choice',
      options: [
        option(1, 'ACS'),
        option(AUTH_TYPE.sasKey, 'SAS Key'),
        option(AUTH_TYPE.sasToken, 'SAS Token'),
        option(AUTH_TYPE.webhookKey, 'Webhook Key'),
        option(AUTH_TYPE.httpHeader, 'Http Header'),
        option(AUTH_TYPE.httpQueryString, 'Http Query String'),
        option(AUTH_TYPE.connectionString, 'Connection String'),
        option(8, 'Access Key'),
      ],
    },
    {
      logicalName: 'messageformat',
      type: 'choice',
      options: [
        option(MESSAGE_FORMAT.binaryXml, 'Binary XML'),
        option(MESSAGE_FORMAT.json, 'Json'),
        option(MESSAGE_FORMAT.textXml, 'Text XML'),
      ],
    },
    { logicalName: 'messagecharset', type: 'choice', options: [option(0, 'Default'), option(1, 'UTF8')] },
    { logicalName: 'connectionmode', type: 'choice', options: [option(1, 'Normal'), option(2, 'Federated')] },
    {
      logicalName: 'namespaceformat',
      type: 'choice',
      options: [option(1, 'Namespace Name'), option(2, 'Namespace Address')],
    },
    {
      logicalName: 'userclaim',
      type: 'choice',
      options: [option(1, 'None'), option(2, 'UserId'), option(3, 'UserInfo')],
    },
    { logicalName: 'schematype', type: 'choice', options: [option(1, 'Event Grid'), option(2, 'Cloud Events')] },
    { logicalName: 'url', type: 'string', maxLength: 2000 },
    { logicalName: 'namespaceaddress', type: 'string', maxLength: 255 },
    { logicalName: 'solutionnamespace', type: 'string', maxLength: 160 },
    { logicalName: 'path', type: 'string', maxLength: 160 },
    { logicalName: 'saskeyname', type: 'string', maxLength: 256 },
    { logicalName: 'saskey', type: 'string', maxLength: 256, writeOnly: true },
    { logicalName: 'sastoken', type: 'string', maxLength: 256, writeOnly: true },
    { logicalName: 'authvalue', type: 'string', maxLength: 2048, writeOnly: true },
    { logicalName: SECRETS.authvalue, type: 'boolean', platform: true },
    { logicalName: SECRETS.saskey, type: 'boolean', platform: true },
    { logicalName: SECRETS.sastoken, type: 'boolean', platform: true },
    { logicalName: 'usekeyvaultconfiguration', type: 'boolean' },
    { logicalName: 'runtimeintegrationproperties', type: 'string', maxLength: 512 },
    { logicalName: 'introducedversion', type: 'string', maxLength: 48 },
    { logicalName: 'ismanaged', type: 'boolean', yes: 'Managed', no: 'Unmanaged', platform: true },
  ],
};

/** Columns of every part of a solution. */
const COMPONENT: readonly ColumnDefinition[] = [
  { logicalName: 'introducedversion', type: 'string', maxLength: 48 },
  { logicalName: 'ismanaged', type: 'boolean', yes: 'Managed', no: 'Unmanaged', platform: true },
];

const sdkmessage: TableDefinition = {
  logicalName: 'sdkmessage',
  entitySetName: 'sdkmessages',
  primaryId: 'sdkmessageid',
  primaryName: 'name',
  changeTracking: false,
  ownership: 'organization',
  stateless: true,
  columns: [
    { logicalName: 'name', type: 'string', maxLength: 256 },
    { logicalName: 'isprivate', type: 'boolean' },
  ],
};

const sdkmessagefilter: TableDefinition = {
  logicalName: 'sdkmessagefilter',
  entitySetName: 'sdkmessagefilters',
  primaryId: 'sdkmessagefilterid',
  primaryName: null,
  changeTracking: false,
  ownership: 'organization',
  stateless: true,
  columns: [
    { logicalName: 'primaryobjecttypecode', type: 'string' },
    { logicalName: 'secondaryobjecttypecode', type: 'string' },
    { logicalName: 'sdkmessageid', type: 'lookup', targets: ['sdkmessage'] },
    { logicalName: 'iscustomprocessingstepallowed', type: 'boolean' },
  ],
};

/** Most stages are the platform's own: a step can be registered for 10, 20 and 40. */
const STAGES: readonly Option[] = [
  option(5, 'Initial Pre-operation (For internal use only)'),
  option(10, 'Pre-validation'),
  option(15, 'Internal Pre-operation Before External Plugins (For internal use only)'),
  option(20, 'Pre-operation'),
  option(25, 'Internal Pre-operation After External Plugins (For internal use only)'),
  option(30, 'Main Operation (For internal use only)'),
  option(35, 'Internal Post-operation Before External Plugins (For internal use only)'),
  option(40, 'Post-operation'),
  option(45, 'Internal Post-operation After External Plugins (For internal use only)'),
  option(50, 'Post-operation (Deprecated)'),
  option(55, 'Final Post-operation (For internal use only)'),
  option(80, 'Pre-Commit stage fired before transaction commit (For internal use only)'),
  option(90, 'Post-Commit stage fired after transaction commit (For internal use only)'),
];

const sdkmessageprocessingstep: TableDefinition = {
  logicalName: 'sdkmessageprocessingstep',
  entitySetName: 'sdkmessageprocessingsteps',
  primaryId: 'sdkmessageprocessingstepid',
  primaryName: 'name',
  changeTracking: false,
  ownership: 'organization',
  states: [option(0, 'Enabled'), option(1, 'Disabled')],
  statuses: [
    { value: 1, label: 'Enabled', state: 0 },
    { value: 2, label: 'Disabled', state: 1 },
  ],
  columns: [
    { logicalName: 'name', type: 'string', maxLength: 256 },
    { logicalName: 'description', type: 'string', maxLength: 256 },
    { logicalName: 'mode', type: 'choice', options: [option(0, 'Synchronous'), option(1, 'Asynchronous')] },
    { logicalName: 'stage', type: 'choice', options: STAGES },
    { logicalName: 'rank', type: 'integer' },
    {
      logicalName: 'supporteddeployment',
      type: 'choice',
      options: [
        option(0, 'Server Only'),
        option(1, 'Microsoft Dynamics 365 Client for Outlook Only'),
        option(2, 'Both'),
      ],
    },
    { logicalName: 'filteringattributes', type: 'string', maxLength: 100000 },
    { logicalName: 'asyncautodelete', type: 'boolean' },
    {
      logicalName: 'invocationsource',
      type: 'choice',
      options: [option(-1, 'Internal'), option(0, 'Parent'), option(1, 'Child')],
    },
    { logicalName: 'canbebypassed', type: 'boolean' },
    { logicalName: 'canusereadonlyconnection', type: 'boolean' },
    { logicalName: 'category', type: 'string' },
    { logicalName: 'enablepluginprofiler', type: 'boolean' },
    { logicalName: 'configuration', type: 'string', maxLength: 1_073_741_823 },
    { logicalName: 'runtimeintegrationproperties', type: 'string', maxLength: 512 },
    { logicalName: 'impersonatinguserid', type: 'lookup', targets: ['systemuser'] },
    { logicalName: 'eventhandler', type: 'customer', targets: ['serviceendpoint'] },
    { logicalName: 'sdkmessageid', type: 'lookup', targets: ['sdkmessage'] },
    { logicalName: 'sdkmessagefilterid', type: 'lookup', targets: ['sdkmessagefilter'] },
    ...COMPONENT,
  ],
};

const sdkmessageprocessingstepimage: TableDefinition = {
  logicalName: 'sdkmessageprocessingstepimage',
  entitySetName: 'sdkmessageprocessingstepimages',
  primaryId: 'sdkmessageprocessingstepimageid',
  primaryName: 'name',
  changeTracking: false,
  ownership: 'organization',
  stateless: true,
  columns: [
    { logicalName: 'name', type: 'string', maxLength: 256 },
    { logicalName: 'description', type: 'string', maxLength: 256 },
    { logicalName: 'entityalias', type: 'string', maxLength: 256 },
    { logicalName: 'attributes', type: 'string', maxLength: 100000 },
    { logicalName: 'messagepropertyname', type: 'string', maxLength: 256 },
    { logicalName: 'relatedattributename', type: 'string', maxLength: 256 },
    {
      logicalName: 'imagetype',
      type: 'choice',
      options: [option(0, 'PreImage'), option(1, 'PostImage'), option(2, 'Both')],
    },
    { logicalName: 'sdkmessageprocessingstepid', type: 'lookup', targets: ['sdkmessageprocessingstep'] },
    ...COMPONENT,
  ],
};

/**
 * The tables in which the Event Framework is registered. They are ordinary rows: what is registered through the Web API
 * and what `registerStep` registers is the same thing.
 */
export const REGISTRATION_TABLES: readonly TableDefinition[] = [
  SERVICE_ENDPOINT,
  sdkmessage,
  sdkmessagefilter,
  sdkmessageprocessingstep,
  sdkmessageprocessingstepimage,
];

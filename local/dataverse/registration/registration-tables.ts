import { SERVICE_ENDPOINT } from './service-endpoint-table';
import type { ColumnDefinition, Option, TableDefinition } from '../metadata/table';

const option = (value: number, label: string): Option => ({ value, label });

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

/** System jobs, read only: made from the job queue when asked for. */
export const ASYNC_OPERATION: TableDefinition = {
  logicalName: 'asyncoperation',
  entitySetName: 'asyncoperations',
  primaryId: 'asyncoperationid',
  primaryName: 'name',
  changeTracking: false,
  ownership: 'organization',
  states: [option(0, 'Ready'), option(1, 'Suspended'), option(2, 'Locked'), option(3, 'Completed')],
  statuses: [
    { value: 0, label: 'Waiting For Resources', state: 0 },
    { value: 10, label: 'Waiting', state: 1 },
    { value: 20, label: 'In Progress', state: 2 },
    { value: 30, label: 'Succeeded', state: 3 },
    { value: 31, label: 'Failed', state: 3 },
    { value: 32, label: 'Canceled', state: 3 },
  ],
  columns: [
    { logicalName: 'name', type: 'string', maxLength: 256 },
    { logicalName: 'operationtype', type: 'choice', options: [option(1, 'System Event')] },
    { logicalName: 'messagename', type: 'string', maxLength: 160 },
    { logicalName: 'primaryentitytype', type: 'string' },
    // A row of any table: named one by one they would each make a relationship.
    { logicalName: 'regardingobjectid', type: 'lookup', targets: [] },
    { logicalName: 'retrycount', type: 'integer' },
    { logicalName: 'completedon', type: 'dateTime', behavior: 'UserLocal' },
    { logicalName: 'friendlymessage', type: 'memo' },
    { logicalName: 'message', type: 'memo' },
    { logicalName: 'owningextensionid', type: 'lookup', targets: ['sdkmessageprocessingstep'] },
  ],
};

/** The labels of all choices, read only: made from the tables' definitions when asked for. */
export const STRING_MAP: TableDefinition = {
  logicalName: 'stringmap',
  entitySetName: 'stringmaps',
  primaryId: 'stringmapid',
  primaryName: 'value',
  changeTracking: false,
  ownership: 'organization',
  columns: [
    { logicalName: 'objecttypecode', type: 'string' },
    { logicalName: 'attributename', type: 'string' },
    { logicalName: 'attributevalue', type: 'integer' },
    { logicalName: 'value', type: 'string' },
    { logicalName: 'langid', type: 'integer' },
    { logicalName: 'displayorder', type: 'integer' },
  ],
};

"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.STRING_MAP = exports.ASYNC_OPERATION = exports.REGISTRATION_TABLES = exports.AUTH_TYPE = exports.CONTRACT = void 0;
const option = (value, label) => ({ value, label });
/** Contracts of a service endpoint (reference/entities/serviceendpoint). */
exports.CONTRACT = { queue: 2, topic: 5, eventHub: 7, webhook: 8 };
/** Ways in which a webhook shows its key. */
exports.AUTH_TYPE = { webhookKey: 4, httpHeader: 5, httpQueryString: 6, connectionString: 7 };
const serviceendpoint = {
    logicalName: 'serviceendpoint',
    entitySetName: 'serviceendpoints',
    primaryId: 'serviceendpointid',
    primaryName: 'name',
    changeTracking: false,
    ownership: 'organization',
    columns: [
        { logicalName: 'name', type: 'string' },
        { logicalName: 'description', type: 'string' },
        {
            logicalName: 'contract',
            type: 'choice',
            options: [
                option(1, 'OneWay'),
                option(exports.CONTRACT.queue, 'Queue'),
                option(3, 'Rest'),
                option(4, 'TwoWay'),
                option(exports.CONTRACT.topic, 'Topic'),
                option(6, 'Queue (Persistent)'),
                option(exports.CONTRACT.eventHub, 'Event Hub'),
                option(exports.CONTRACT.webhook, 'Webhook'),
            ],
        },
        {
            logicalName: 'authtype',
            type: 'choice',
            options: [
                option(2, 'SASKey'),
                option(3, 'SASToken'),
                option(exports.AUTH_TYPE.webhookKey, 'WebhookKey'),
                option(exports.AUTH_TYPE.httpHeader, 'HttpHeader'),
                option(exports.AUTH_TYPE.httpQueryString, 'HttpQueryString'),
                option(exports.AUTH_TYPE.connectionString, 'ConnectionString'),
            ],
        },
        {
            logicalName: 'messageformat',
            type: 'choice',
            options: [option(1, 'BinaryXML'), option(2, 'Json'), option(3, 'TextXML')],
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
        { logicalName: 'url', type: 'string', maxLength: 2000 },
        { logicalName: 'namespaceaddress', type: 'string', maxLength: 255 },
        { logicalName: 'solutionnamespace', type: 'string', maxLength: 160 },
        { logicalName: 'path', type: 'string', maxLength: 160 },
        { logicalName: 'saskeyname', type: 'string' },
        { logicalName: 'saskey', type: 'string', writeOnly: true },
        { logicalName: 'sastoken', type: 'string', writeOnly: true },
        { logicalName: 'authvalue', type: 'string', maxLength: 2048, writeOnly: true },
        { logicalName: 'isauthvalueset', type: 'boolean', platform: true },
    ],
};
const sdkmessage = {
    logicalName: 'sdkmessage',
    entitySetName: 'sdkmessages',
    primaryId: 'sdkmessageid',
    primaryName: 'name',
    changeTracking: false,
    ownership: 'organization',
    columns: [{ logicalName: 'name', type: 'string' }],
};
const sdkmessagefilter = {
    logicalName: 'sdkmessagefilter',
    entitySetName: 'sdkmessagefilters',
    primaryId: 'sdkmessagefilterid',
    primaryName: null,
    changeTracking: false,
    ownership: 'organization',
    columns: [
        { logicalName: 'primaryobjecttypecode', type: 'string' },
        { logicalName: 'sdkmessageid', type: 'lookup', targets: ['sdkmessage'] },
    ],
};
const sdkmessageprocessingstep = {
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
        { logicalName: 'description', type: 'string' },
        { logicalName: 'mode', type: 'choice', options: [option(0, 'Synchronous'), option(1, 'Asynchronous')] },
        {
            logicalName: 'stage',
            type: 'choice',
            options: [option(10, 'Pre-validation'), option(20, 'Pre-operation'), option(40, 'Post-operation')],
        },
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
        { logicalName: 'configuration', type: 'string' },
        { logicalName: 'eventhandler', type: 'customer', targets: ['serviceendpoint'] },
        { logicalName: 'sdkmessageid', type: 'lookup', targets: ['sdkmessage'] },
        { logicalName: 'sdkmessagefilterid', type: 'lookup', targets: ['sdkmessagefilter'] },
    ],
};
const sdkmessageprocessingstepimage = {
    logicalName: 'sdkmessageprocessingstepimage',
    entitySetName: 'sdkmessageprocessingstepimages',
    primaryId: 'sdkmessageprocessingstepimageid',
    primaryName: 'name',
    changeTracking: false,
    ownership: 'organization',
    columns: [
        { logicalName: 'name', type: 'string' },
        { logicalName: 'entityalias', type: 'string' },
        { logicalName: 'attributes', type: 'string', maxLength: 100000 },
        { logicalName: 'messagepropertyname', type: 'string' },
        {
            logicalName: 'imagetype',
            type: 'choice',
            options: [option(0, 'PreImage'), option(1, 'PostImage'), option(2, 'Both')],
        },
        { logicalName: 'sdkmessageprocessingstepid', type: 'lookup', targets: ['sdkmessageprocessingstep'] },
    ],
};
/**
 * The tables in which the Event Framework is registered. They are ordinary rows: what is registered through the Web API
 * and what `registerStep` registers is the same thing.
 */
exports.REGISTRATION_TABLES = [
    serviceendpoint,
    sdkmessage,
    sdkmessagefilter,
    sdkmessageprocessingstep,
    sdkmessageprocessingstepimage,
];
/** System jobs, read only: made from the job queue when asked for. */
exports.ASYNC_OPERATION = {
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
        { logicalName: 'name', type: 'string' },
        { logicalName: 'messagename', type: 'string' },
        { logicalName: 'primaryentitytype', type: 'string' },
        { logicalName: 'regardingobjectid_guid', type: 'uniqueidentifier' },
        { logicalName: 'retrycount', type: 'integer' },
        { logicalName: 'completedon', type: 'dateTime', behavior: 'UserLocal' },
        { logicalName: 'friendlymessage', type: 'memo' },
        { logicalName: 'message', type: 'memo' },
        { logicalName: 'owningextensionid', type: 'lookup', targets: ['sdkmessageprocessingstep'] },
    ],
};
/** The labels of all choices, read only: made from the tables' definitions when asked for. */
exports.STRING_MAP = {
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
//# sourceMappingURL=registration-tables.js.map
"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.contextBody = contextBody;
const contract_json_1 = require("./contract-json");
const formatted_value_1 = require("./formatted-value");
const json_text_1 = require("./json-text");
const value_1 = require("./value");
const TRAITS = {
    Create: { primaryName: 'post', changed: 'Update', duplicateDetection: true },
    Update: { primaryName: 'post', changed: 'Update', duplicateDetection: true },
    Delete: { primaryName: 'pre', changed: 'Delete', duplicateDetection: false },
    Assign: { primaryName: 'pre', changed: 'Update', duplicateDetection: false },
};
function imageEntity({ table, id }, row, image, settings) {
    const form = { kind: 'image', utcOffsetMinutes: settings.utcOffsetMinutes };
    const attributes = [];
    const formatted = [];
    for (const column of table.columns) {
        const name = column.logicalName;
        const value = row[name] ?? null;
        // An image holds only columns that have a value, and never the row version.
        if (value === null || name === 'versionnumber')
            continue;
        if (image.columns !== undefined && !image.columns.includes(name) && name !== table.primaryId)
            continue;
        attributes.push((0, contract_json_1.pair)(name, (0, contract_json_1.attributeJson)(column, value, settings.nameOf)));
        const shown = (0, formatted_value_1.formattedValue)(column, value, form, settings.nameOf);
        if (shown !== undefined)
            formatted.push((0, contract_json_1.pair)(name, shown));
    }
    return (0, contract_json_1.entityJson)(table.logicalName, id, attributes, formatted);
}
/** The image that asynchronous steps of some messages get unasked: primary name and id. */
function primaryNameImage({ table, id }, row) {
    const { primaryName, primaryId } = table;
    const name = primaryName === null ? null : (row[primaryName] ?? null);
    const attributes = primaryName === null || name === null ? [] : [(0, contract_json_1.pair)(primaryName, (0, value_1.valueText)(name))];
    attributes.push((0, contract_json_1.pair)(primaryId, id));
    return (0, contract_json_1.pair)('AsynchronousStepPrimaryName', (0, contract_json_1.entityJson)(table.logicalName, id, attributes));
}
/** The row of an image: that of its parameter, or the only one there is. */
function imageSource(event, property) {
    const sources = Object.values(event.images);
    return event.images[property] ?? (sources.length === 1 ? sources[0] : undefined);
}
function images(event, step, run, when, settings) {
    // There is no pre image on Create, no post image on Delete, and a post image only after the main operation.
    if (when === 'post' && step.stage < 40)
        return [];
    const rowOf = (source) => when === 'pre' ? source?.before : source?.after;
    const list = [];
    const target = event.images.Target;
    const targetRow = rowOf(target);
    const unasked = run.kind === 'async' && when === TRAITS[event.message]?.primaryName;
    if (unasked && target !== undefined && targetRow !== undefined)
        list.push(primaryNameImage(target, targetRow));
    for (const image of step.images) {
        const source = imageSource(event, image.property);
        const row = rowOf(source);
        if (image.when !== when || source === undefined || row === undefined)
            continue;
        list.push((0, contract_json_1.pair)(image.alias, imageEntity(source, row, image, settings)));
    }
    return list;
}
function inputParameters(event, stage) {
    const parameters = parametersJson(stage === 40 ? event.input : event.requested);
    const detection = stage === 30 && TRAITS[event.message]?.duplicateDetection === true;
    return detection ? [...parameters, (0, contract_json_1.pair)('SuppressDuplicateDetection', false)] : parameters;
}
const parametersJson = (parameters) => parameters.map(({ name, value }) => (0, contract_json_1.pair)(name, (0, contract_json_1.parameterJson)(value)));
function sharedVariables(event, run, stage) {
    const variables = [];
    if (run.kind === 'async')
        variables.push((0, contract_json_1.pair)('IsAutoTransact', true));
    if (event.message === 'Create')
        variables.push((0, contract_json_1.pair)('DefaultsAddedFlag', true));
    if (event.tag !== undefined)
        variables.push((0, contract_json_1.pair)('tag', event.tag));
    const traits = TRAITS[event.message];
    if (stage === 30 && traits !== undefined) {
        const changed = {
            __type: 'KeyValuePairOfstringstring:#System.Collections.Generic',
            key: event.table,
            value: traits.changed,
        };
        variables.push((0, contract_json_1.pair)('ChangedEntityTypes', [changed]));
    }
    return variables;
}
/**
 * OperationCreatedOn: to the millisecond and without offset as part of a request; of a system job whole seconds, with the
 * offset of a server that keeps UTC (the job's time is read back from the database without its kind).
 */
const createdOn = (run, event, stage) => run.kind === 'async'
    ? `/Date(${Math.floor(run.createdAt / 1000) * 1000}+0000)/`
    : `/Date(${stage === 30 ? event.startedAt : run.at})/`;
function context(event, step, run, stage, settings) {
    const { initiatingUser, user } = event;
    const isAsync = run.kind === 'async';
    const inner = stage === 30;
    const objectId = (member, of) => (settings.identityMembers ? { [member]: of.objectId } : {});
    const hasParent = stage === 40 && TRAITS[event.message] !== undefined;
    // The members stand in ordinal alphabetical order in every format.
    return {
        BusinessUnitId: user.businessUnitId,
        CorrelationId: event.correlationId,
        Depth: event.depth,
        ...(settings.identityMembers ? { InitiatingUserAgent: event.userAgent } : {}),
        ...objectId('InitiatingUserAzureActiveDirectoryObjectId', initiatingUser),
        InitiatingUserId: initiatingUser.id,
        InputParameters: inputParameters(event, stage),
        IsExecutingOffline: false,
        // Stage 10 runs before the transaction; asynchronous steps run after it.
        IsInTransaction: !isAsync && stage !== 10,
        IsOfflinePlayback: false,
        IsolationMode: 1,
        MessageName: event.message,
        Mode: isAsync ? 1 : 0,
        OperationCreatedOn: createdOn(run, event, stage),
        OperationId: isAsync ? run.jobId : event.requestId,
        OrganizationId: settings.organizationId,
        OrganizationName: settings.organizationName,
        OutputParameters: stage === 40 ? parametersJson(event.output) : [],
        OwningExtension: (0, contract_json_1.referenceJson)({ table: 'sdkmessageprocessingstep', id: step.id }, isAsync ? null : step.name),
        ParentContext: hasParent ? context(event, step, run, 30, settings) : null,
        PostEntityImages: inner ? [] : images(event, step, run, 'post', settings),
        PreEntityImages: inner ? [] : images(event, step, run, 'pre', settings),
        PrimaryEntityId: event.id,
        PrimaryEntityName: event.table,
        RequestId: event.requestId,
        SecondaryEntityName: 'none',
        SharedVariables: sharedVariables(event, run, stage),
        Stage: stage,
        ...objectId('UserAzureActiveDirectoryObjectId', user),
        UserId: user.id,
    };
}
const REMOVED = {
    InputParameters: [],
    ParentContext: null,
    PostEntityImages: [],
    PreEntityImages: [],
};
function withoutBulk(members, form) {
    const kept = Object.entries(members).flatMap(([name, value]) => {
        const empty = REMOVED[name];
        if (empty === undefined)
            return [[name, value]];
        if (form === 'absent')
            return [];
        return [[name, form === 'null' ? null : empty]];
    });
    return Object.fromEntries(kept);
}
/**
 * The RemoteExecutionContext of an event as DataContractJsonSerializer writes it. Over `limitBytes`, ParentContext,
 * InputParameters and the images are removed (or always, with `reduce`). Undefined when it is too long even then: the
 * platform does not send it.
 */
function contextBody(event, step, run, settings, size) {
    const members = context(event, step, run, step.stage, settings);
    const write = (json) => Buffer.from((0, json_text_1.writeJson)(json, 'dataContract'), 'utf8');
    if (!size.reduce) {
        const bytes = write(members);
        if (bytes.length <= size.limitBytes)
            return { bytes, reduced: false };
    }
    const bytes = write(withoutBulk(members, settings.oversizeForm));
    return bytes.length <= size.limitBytes ? { bytes, reduced: true } : undefined;
}
//# sourceMappingURL=execution-context.js.map
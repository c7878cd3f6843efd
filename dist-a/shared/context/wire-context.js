"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.WireContext = void 0;
const errors_1 = require("./errors");
/** `Mode` of a step. https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/sdkmessageprocessingstep */
const MODES = ['sync', 'async'];
/**
 * A context over its members on the wire. Its scalars are read at once; parameters, images and the parent when they are
 * asked for. Members that are not known are ignored, since new versions add some.
 */
class WireContext {
    wire;
    form;
    message;
    stage;
    mode;
    depth;
    table;
    rowId;
    secondaryTable;
    correlationId;
    operationId;
    requestId;
    operationCreatedOn;
    operationCreatedOnOffset;
    userId;
    initiatingUserId;
    businessUnitId;
    organizationId;
    organizationName;
    initiatingUserAgent;
    userEntraId;
    initiatingUserEntraId;
    isInTransaction;
    isExecutingOffline;
    isOfflinePlayback;
    isolationMode;
    owningExtension;
    kept = new Map();
    constructor(wire) {
        this.wire = wire;
        this.form = wire.form;
        this.message = wire.text('MessageName');
        this.stage = wire.integer('Stage');
        const mode = MODES[wire.integer('Mode')];
        if (mode === undefined)
            throw new errors_1.ContextInvalid(wire.at('Mode'), '0 or 1');
        this.mode = mode;
        this.depth = wire.integer('Depth');
        this.table = wire.text('PrimaryEntityName');
        this.rowId = wire.id('PrimaryEntityId');
        this.secondaryTable = wire.textOrNull('SecondaryEntityName') ?? null;
        this.correlationId = wire.id('CorrelationId');
        this.operationId = wire.id('OperationId');
        this.requestId = wire.idOrNull('RequestId');
        const created = wire.operationTime(mode === 'async');
        if (created === undefined)
            throw new errors_1.ContextInvalid(wire.at('OperationCreatedOn'), 'a date');
        this.operationCreatedOn = created.epochMs;
        this.operationCreatedOnOffset = created.offsetMinutes;
        this.userId = wire.id('UserId');
        this.initiatingUserId = wire.id('InitiatingUserId');
        this.businessUnitId = wire.id('BusinessUnitId');
        this.organizationId = wire.id('OrganizationId');
        this.organizationName = wire.textOrNull('OrganizationName') ?? null;
        const agent = wire.textOrNull('InitiatingUserAgent');
        if (agent !== undefined)
            this.initiatingUserAgent = agent;
        const userEntraId = wire.idOrNull('UserAzureActiveDirectoryObjectId');
        if (userEntraId !== null)
            this.userEntraId = userEntraId;
        const initiatingUserEntraId = wire.idOrNull('InitiatingUserAzureActiveDirectoryObjectId');
        if (initiatingUserEntraId !== null)
            this.initiatingUserEntraId = initiatingUserEntraId;
        this.isInTransaction = wire.flag('IsInTransaction');
        this.isExecutingOffline = wire.flag('IsExecutingOffline');
        this.isOfflinePlayback = wire.flag('IsOfflinePlayback');
        this.isolationMode = wire.integer('IsolationMode');
        this.owningExtension = wire.owner();
    }
    get inputParameters() {
        return this.keep('InputParameters', (member) => this.wire.parameters(member));
    }
    get outputParameters() {
        return this.keep('OutputParameters', (member) => this.wire.parameters(member));
    }
    get sharedVariables() {
        return this.keep('SharedVariables', (member) => this.wire.parameters(member));
    }
    get preImages() {
        return this.keep('PreEntityImages', (member) => this.wire.images(member));
    }
    get postImages() {
        return this.keep('PostEntityImages', (member) => this.wire.images(member));
    }
    get parent() {
        return this.keep('ParentContext', () => {
            const parent = this.wire.parent();
            return parent === null ? null : new WireContext(parent);
        });
    }
    keep(member, make) {
        const known = this.kept.get(member);
        if (known !== undefined)
            return known;
        const made = make(member);
        this.kept.set(member, made);
        return made;
    }
}
exports.WireContext = WireContext;
//# sourceMappingURL=wire-context.js.map
"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.relationship = exports.reference = exports.entity = exports.FULL_IMAGE = void 0;
exports.bodyOf = bodyOf;
/** The alias of the post image that holds the whole row. */
exports.FULL_IMAGE = 'full';
const contract = (type) => `${type}:http://schemas.microsoft.com/xrm/2011/Contracts`;
const date = (at) => `/Date(${at * 1000})/`;
const pairs = (of) => Object.entries(of).map(([key, value]) => ({ key, value }));
const guid = (number) => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
/** A row as a parameter or an image. */
const entity = ({ table, id }, plain, modifiedOn) => ({
    __type: contract('Entity'),
    Attributes: pairs({ ...plain, modifiedon: date(modifiedOn) }),
    EntityState: null,
    FormattedValues: [],
    Id: id,
    KeyAttributes: [],
    LogicalName: table,
    RelatedEntities: [],
    RowVersion: null,
});
exports.entity = entity;
/** A reference to a row. */
const reference = ({ table, id }) => ({
    __type: contract('EntityReference'),
    Id: id,
    KeyAttributes: [],
    LogicalName: table,
    Name: null,
    RowVersion: null,
});
exports.reference = reference;
/** A many-to-many relationship between two tables. */
const relationship = (SchemaName) => ({
    __type: contract('Relationship'),
    PrimaryEntityRole: null,
    SchemaName,
});
exports.relationship = relationship;
/** The body of a delivery; `truncated`: as it is when it was over its size limit. */
function bodyOf(event, truncated) {
    const { number, message, row, synchronous, createdOn, input, fullImage } = event;
    const members = truncated
        ? {}
        : {
            InputParameters: pairs(input),
            PostEntityImages: fullImage === undefined ? [] : [{ key: exports.FULL_IMAGE, value: fullImage }],
            PreEntityImages: [],
            SharedVariables: [],
        };
    const context = {
        BusinessUnitId: guid(1),
        CorrelationId: guid(number),
        Depth: 1,
        InitiatingUserId: guid(2),
        ...members,
        IsExecutingOffline: false,
        IsInTransaction: synchronous,
        IsOfflinePlayback: false,
        IsolationMode: 1,
        MessageName: message,
        Mode: synchronous ? 0 : 1,
        OperationCreatedOn: `/Date(${createdOn * 1000}${synchronous ? '' : '+0000'})/`,
        OperationId: guid(number),
        OrganizationId: guid(3),
        OrganizationName: 'simulated',
        OutputParameters: [],
        OwningExtension: null,
        ParentContext: null,
        PrimaryEntityId: row.id,
        PrimaryEntityName: row.table,
        RequestId: guid(number),
        SecondaryEntityName: 'none',
        Stage: synchronous ? 20 : 40,
        UserId: guid(2),
    };
    return Buffer.from(JSON.stringify(context));
}
//# sourceMappingURL=wire.js.map
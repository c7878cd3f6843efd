"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.entityParameter = exports.referenceParameter = void 0;
/** A parameter that refers to a row. */
const referenceParameter = (name, reference) => ({
    name,
    value: { kind: 'reference', reference },
});
exports.referenceParameter = referenceParameter;
/** A parameter that holds a row. */
const entityParameter = (name, row) => ({ name, value: { kind: 'entity', row } });
exports.entityParameter = entityParameter;
//# sourceMappingURL=parameter.js.map
"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.numberIn = exports.unknownOperation = void 0;
const amqp_types_1 = require("./amqp-types");
const broker_error_1 = require("./broker-error");
/** Thrown for an operation that the broker doesn't have. */
const unknownOperation = (request) => new broker_error_1.BrokerError(broker_error_1.CONDITION.notImplemented, `The broker has no operation '${request.operation}'.`);
exports.unknownOperation = unknownOperation;
/** A number out of a request's body; `otherwise` where it is absent. */
const numberIn = (request, name, otherwise) => {
    const value = request.body[name];
    return value === undefined || value === null ? otherwise : (0, amqp_types_1.numberOf)(value);
};
exports.numberIn = numberIn;
//# sourceMappingURL=management-request.js.map
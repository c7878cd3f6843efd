"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.BrokerError = exports.CONDITION = void 0;
/** The AMQP error conditions that the Azure SDKs turn into their error codes. */
exports.CONDITION = {
    notFound: 'amqp:not-found',
    notAllowed: 'amqp:not-allowed',
    notImplemented: 'amqp:not-implemented',
    internalError: 'amqp:internal-error',
    messageTooLarge: 'amqp:link:message-size-exceeded',
    stolen: 'amqp:link:stolen',
    lockLost: 'com.microsoft:message-lock-lost',
    sessionLockLost: 'com.microsoft:session-lock-lost',
    sessionLocked: 'com.microsoft:session-cannot-be-locked',
    messageNotFound: 'com.microsoft:message-not-found',
    timeout: 'com.microsoft:timeout',
};
const STATUS = {
    [exports.CONDITION.notFound]: 404,
    [exports.CONDITION.messageNotFound]: 404,
    [exports.CONDITION.lockLost]: 410,
    [exports.CONDITION.sessionLockLost]: 410,
    [exports.CONDITION.notAllowed]: 400,
    [exports.CONDITION.notImplemented]: 501,
};
/** Thrown when the broker refuses a request; the condition reaches the client, with a status code in `$management`. */
class BrokerError extends Error {
    condition;
    name = 'BrokerError';
    constructor(condition, message) {
        super(message);
        this.condition = condition;
    }
    /** The status code of a `$management` reply. */
    get status() {
        return STATUS[this.condition] ?? 500;
    }
    /** Names the entity that the topology doesn't have. */
    static entityNotFound(address) {
        return new BrokerError(exports.CONDITION.notFound, `The messaging entity '${address}' could not be found.`);
    }
    /** Anything thrown, as an error for the client. */
    static from(error) {
        if (error instanceof BrokerError)
            return error;
        return new BrokerError(exports.CONDITION.internalError, error instanceof Error ? error.message : String(error));
    }
}
exports.BrokerError = BrokerError;
//# sourceMappingURL=broker-error.js.map
import { numberOf } from './amqp-types';
import { BrokerError, CONDITION } from './broker-error';

/** A request to `$cbs` or `$management`. */
export interface Request {
  readonly operation: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A reply; a status other than 2xx comes from a `BrokerError`. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/** Thrown for an operation that the broker doesn't have. */
export const unknownOperation = (request: Request): BrokerError =>
  new BrokerError(CONDITION.notImplemented, `The broker has no operation '${request.operation}'.`);

/** A number out of a request's body; `otherwise` where it is absent. */
export const numberIn = (request: Request, name: string, otherwise: number): number => {
  const value = request.body[name];
  return value === undefined || value === null ? otherwise : numberOf(value);
};

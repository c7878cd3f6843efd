/** The AMQP error conditions that the Azure SDKs turn into their error codes. */
export const CONDITION = {
  unauthorized: 'amqp:unauthorized-access',
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
} as const;

type Condition = (typeof CONDITION)[keyof typeof CONDITION];

const STATUS: Readonly<Partial<Record<Condition, number>>> = {
  [CONDITION.unauthorized]: 401,
  [CONDITION.notFound]: 404,
  [CONDITION.messageNotFound]: 404,
  [CONDITION.lockLost]: 410,
  [CONDITION.sessionLockLost]: 410,
  [CONDITION.notAllowed]: 400,
  [CONDITION.notImplemented]: 501,
};

/** Thrown when the broker refuses a request; the condition reaches the client, with a status code in `$management`. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  constructor(
    readonly condition: Condition,
    message: string,
  ) {
    super(message);
  }

  /** The status code of a `$management` reply. */
  get status(): number {
    return STATUS[this.condition] ?? 500;
  }

  /** Names the entity that the topology doesn't have. */
  static entityNotFound(address: string): BrokerError {
    return new BrokerError(CONDITION.notFound, `The messaging entity '${address}' could not be found.`);
  }

  /** Anything thrown, as an error for the client. */
  static from(error: unknown): BrokerError {
    if (error instanceof BrokerError) return error;
    return new BrokerError(CONDITION.internalError, error instanceof Error ? error.message : String(error));
  }
}

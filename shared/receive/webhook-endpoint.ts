/** Where and how the webhook is reached: what it registers, checks, and says of itself (`dvo openapi`). */
export const WEBHOOK_ENDPOINT = {
  name: 'webhook',
  route: 'webhook',
  method: 'POST',
  contentType: 'application/json',
  /** The query parameter in which Dataverse's WebhookKey authentication sends the key. */
  codeParameter: 'code',
  /** The header by which Dataverse says that it removed members for size. */
  truncatedHeader: 'x-ms-dynamics-msg-size-exceeded',
} as const;

/** Every status that the webhook answers, by its reason. */
export const WEBHOOK_STATUS = {
  /** Processed, or ignored because the mapping file says so. */
  processed: 200,
  parked: 202,
  /** Not readable, or refused because the mapping file says so. */
  refused: 400,
  unauthorized: 401,
  noLength: 411,
  tooLarge: 413,
  contentType: 415,
  /** Nothing of it is kept: the one status that Dataverse, and a flow with a retry policy, tries again. */
  unavailable: 503,
} as const;

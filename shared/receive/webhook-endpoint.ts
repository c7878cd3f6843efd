/** Where and how the webhook is reached: what it registers, checks and answers; docs/openapi.json says the same. */
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
  /** Settled, or ignored because the mapping file says so. */
  taken: 200,
  parked: 202,
  /** Not readable, or refused because the mapping file says so. */
  bad: 400,
  key: 401,
  noLength: 411,
  tooLarge: 413,
  contentType: 415,
  /** Nothing of it is kept: the one status that Dataverse, and a flow with a retry policy, tries again. */
  unavailable: 503,
} as const;

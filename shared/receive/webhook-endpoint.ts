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

/** What the webhook needs besides. */
export interface WebhookConfig {
  /** Any of them opens; several at once allow rotation without a gap. */
  readonly keys: readonly string[];
  /** Name of the header or query parameter that carries the key, besides `code`. */
  readonly keyName: string;
  readonly maxBytes: number;
}

/** What the webhook's settings are unless they are set. */
export const WEBHOOK_DEFAULTS = { keyName: 'x-dvo-key', maxKilobytes: 512 } as const;

/** Names of headers that every request has, or that the platform, a proxy or Dataverse sets. */
const RESERVED_HEADER =
  /^(?:host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|date|via|from|origin|referer|user-agent|cookie|range|forwarded|max-forwards|client-ip|disguised-host|traceparent|tracestate|x-request-id|(?:accept|content|if|proxy|sec|cache|x-forwarded|x-original|x-arr|x-ms|x-azure|x-appservice|x-site|was)(?:-.*)?)$/i;

/** A name that may carry the webhook's key. */
export const isKeyName = (name: string): boolean => /^[A-Za-z0-9-]{1,64}$/.test(name) && !RESERVED_HEADER.test(name);

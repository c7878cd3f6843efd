import type { HttpRequest } from '@azure/functions';
import type { Refusal } from './refusal-count';
import { WEBHOOK_ENDPOINT, WEBHOOK_STATUS, type WebhookConfig } from './webhook-endpoint';
import { keyMatches } from './webhook-key';

/** What a request brought that opens the door. */
export interface Posted {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** Dataverse says that it removed members for size. */
  readonly truncated: boolean;
}

/**
 * Reads what Dataverse, or whoever has a key, posts to one of the app's endpoints. Checks in this order: size, content type, key,
 * and only then reads the body.
 */
export async function readPost(config: WebhookConfig, request: HttpRequest): Promise<Posted | Refusal> {
  const refused = refusal(config, request);
  if (refused !== undefined) return refused;
  const body = new Uint8Array(await request.arrayBuffer());
  // The declared length may be absent or wrong: what counts is what came.
  if (body.byteLength > config.maxBytes) return tooLarge(config.maxBytes);
  return {
    body,
    contentType: request.headers.get('content-type') ?? WEBHOOK_ENDPOINT.contentType,
    truncated: request.headers.has(WEBHOOK_ENDPOINT.truncatedHeader),
  };
}

const tooLarge = (maxBytes: number): Refusal => ({
  status: WEBHOOK_STATUS.tooLarge,
  code: 'body-too-large',
  reason: `The body is larger than ${maxBytes} bytes. Dataverse itself sends 256 KB at most.`,
});

/**
 * The platform reads a body only where its length is said, so that one in chunks comes as an empty one.
 * https://github.com/Azure/azure-functions-host/issues/4926
 */
const NO_LENGTH: Refusal = {
  status: WEBHOOK_STATUS.noLength,
  code: 'length-required',
  reason: 'The body came in chunks (Transfer-Encoding), which the platform drops. Send it with a Content-Length.',
};

function refusal({ keys, keyName, maxBytes }: WebhookConfig, request: HttpRequest): Refusal | undefined {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return tooLarge(maxBytes);
  if (request.headers.has('transfer-encoding')) return NO_LENGTH;
  const type = (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== WEBHOOK_ENDPOINT.contentType) {
    return {
      status: WEBHOOK_STATUS.contentType,
      code: 'content-type',
      reason: 'Content-Type must be application/json, the only one that Dataverse posts to webhooks.',
    };
  }
  const offered = [
    request.headers.get(keyName),
    request.query.get(keyName),
    request.query.get(WEBHOOK_ENDPOINT.codeParameter),
  ];
  if (
    !keyMatches(
      offered.filter((key) => key !== null),
      keys,
    )
  ) {
    return {
      status: WEBHOOK_STATUS.unauthorized,
      code: 'key-refused',
      reason: `No valid key came as query parameter "${WEBHOOK_ENDPOINT.codeParameter}" or as "${keyName}" in header or query.`,
    };
  }
  return undefined;
}

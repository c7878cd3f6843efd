/** HTTP streams (`app.setup({ enableHttpStream: true })`): the library runs a server of its own, and the host forwards requests to it. */
import { randomUUID } from 'node:crypto';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';

/** A request on its way through the library. */
export interface ForwardedRequest {
  /** Under which the library waits for the request. */
  readonly invocationId: string;
  /** Settles when the answer has been passed on whole. */
  readonly answered: Promise<void>;
  /** Gives the request up, when the function has failed and so will never answer. */
  readonly abort: () => void;
}

/** Passes a request on to the library, and its answer back. */
export function forwardToLibrary(
  httpUri: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): ForwardedRequest {
  const invocationId = randomUUID();
  const forwarded = httpRequest(new URL(incoming.url ?? '/', httpUri), {
    method: incoming.method,
    headers: {
      ...incoming.headers,
      'x-ms-invocation-id': invocationId,
      'x-forwarded-host': incoming.headers.host ?? '127.0.0.1',
      'x-forwarded-proto': 'http',
    },
  });
  const answered = new Promise<void>((resolve, reject) => {
    forwarded.once('error', reject);
    forwarded.once('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 200, answer.headers);
      answer.once('error', reject).once('end', resolve).pipe(outgoing);
    });
  });
  // Waited for only once the function has succeeded; until then a failure must not count as unhandled.
  answered.catch(() => undefined);
  incoming.pipe(forwarded);
  return { invocationId, answered, abort: () => forwarded.destroy() };
}

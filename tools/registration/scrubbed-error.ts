import { messageOf } from '../../shared/errors/errors';
import type { EndpointSecret } from './secrets';

/** An error of a request that a secret was sent with: without the secret, should its text repeat it. */
export function scrubbedError(error: unknown, secret: EndpointSecret | undefined): unknown {
  const text = messageOf(error);
  const hidden = secret?.kind === 'known' ? secret.hidden : [];
  const shown = hidden.reduce((left, each) => left.replaceAll(each, '…'), text);
  // The error itself would be its cause, and have the secret in it.
  return shown === text ? error : new Error(shown);
}

import type { TokenCredential } from '@azure/identity';
import type * as Credentials from './credentials';

/** A credential that is made, and its SDK loaded, for its first token. */
export function deferredCredential(make: (credentials: typeof Credentials) => TokenCredential): TokenCredential {
  let made: Promise<TokenCredential> | undefined;
  return {
    getToken: async (scopes, options) => {
      made ??= import('./credentials.js').then(make);
      return (await made).getToken(scopes, options);
    },
  };
}

/** See `appIdentity` of `./credentials`. */
export const appIdentity = (clientId?: string): TokenCredential =>
  deferredCredential((credentials) => credentials.appIdentity(clientId));

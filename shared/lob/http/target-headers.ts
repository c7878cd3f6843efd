import type { TokenCredential } from '@azure/identity';
import { appIdentity, deferredCredential } from '../../azure/deferred-credential';
import { RELAY_HEADER, RELAY_SCOPE, relaySignature } from '../../azure/relay-token';
import type { HttpAuth, HttpTargetConfig, RelayAuth } from '../../settings/http-target';
import type { HeaderSource } from './http-target';

/** A signature's life, and how much of it must be left. */
const SIGNATURE_SECONDS = 3600;
const RENEW_SECONDS = 600;

/** The headers by which the LOB system, and a relay before it, know the app. Tokens are kept while they are good. */
export function targetHeaders({ auth, relay, url }: Pick<HttpTargetConfig, 'auth' | 'relay' | 'url'>): HeaderSource {
  const own = ownHeaders(auth);
  const forRelay = relay === undefined ? undefined : relayHeaders(relay, new URL(url.replaceAll(/[{}]/g, '')));
  return async () => ({ ...(await own()), ...(await forRelay?.()) });
}

type Headers = () => Promise<Readonly<Record<string, string>>>;

function ownHeaders(auth: HttpAuth): Headers {
  switch (auth.kind) {
    case 'none':
      return () => Promise.resolve({});
    case 'header':
      return () => Promise.resolve({ [auth.name]: auth.value });
    case 'bearer': {
      const { scope, registration } = auth;
      const credential =
        registration === undefined
          ? appIdentity()
          : deferredCredential(({ registrationCredential }) => registrationCredential(registration));
      return async () => ({ Authorization: `Bearer ${await tokenOf(credential, scope)}` });
    }
    default:
      return auth satisfies never;
  }
}

function relayHeaders(relay: RelayAuth, { host, pathname }: URL): Headers {
  if (relay.kind === 'identity') {
    const credential = appIdentity();
    return async () => ({ [RELAY_HEADER]: await tokenOf(credential, RELAY_SCOPE) });
  }
  const path = pathname.split('/')[1] ?? '';
  let known = { endSeconds: 0, signature: '' };
  return () => {
    const seconds = Math.floor(Date.now() / 1000);
    if (known.endSeconds < seconds + RENEW_SECONDS) {
      const endSeconds = seconds + SIGNATURE_SECONDS;
      known = { endSeconds, signature: relaySignature(host, path, relay.rule, relay.key, endSeconds) };
    }
    return Promise.resolve({ [RELAY_HEADER]: known.signature });
  };
}

/** The credential keeps the token for as long as it is good. */
async function tokenOf(credential: TokenCredential, scope: string): Promise<string> {
  const token = await credential.getToken(scope);
  if (token === null) throw new Error(`No token was given for ${scope}.`);
  return token.token;
}

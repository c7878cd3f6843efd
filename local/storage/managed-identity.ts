/**
 * The endpoint by which App Service gives an app tokens of its managed identities. What it supports and lacks:
 * local/storage/README.md.
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A token that was asked for. */
export interface TokenRequest {
  readonly clientId: string | null;
  readonly resource: string | null;
  readonly status: number;
}

/** The endpoint, running. */
export interface ManagedIdentities {
  /** What the platform puts into the app's environment. */
  readonly settings: { readonly IDENTITY_ENDPOINT: string; readonly IDENTITY_HEADER: string };
  readonly asked: readonly TokenRequest[];
  stop(): Promise<void>;
}

const LIFETIME_SECONDS = 3600;
const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token as Azurite wants it: an issuer of Microsoft's, a time, and what it is for. */
function tokenFor(clientId: string, resource: string, nowSeconds: number): string {
  const claims = {
    ...{ aud: resource, iss: `https://sts.windows.net/${randomUUID()}/`, appid: clientId },
    ...{ iat: nowSeconds, nbf: nowSeconds - 60, exp: nowSeconds + LIFETIME_SECONDS },
  };
  return `${base64url({ alg: 'none', typ: 'JWT' })}.${base64url(claims)}.unsigned`;
}

/** Starts the endpoint for identities of these client ids. */
export async function startManagedIdentities(clientIds: readonly string[]): Promise<ManagedIdentities> {
  const secret = randomUUID();
  const asked: TokenRequest[] = [];
  // The platform gives a token again until it is old.
  const tokens = new Map<string, { readonly access_token: string; readonly expires_on: string }>();
  const answerTo = (
    path: string,
    authorized: boolean,
    clientId: string | null,
    resource: string | null,
  ): readonly [status: number, body: object] => {
    if (path !== '/msi/token') return [404, {}];
    if (!authorized) return [401, { message: 'Missing or wrong header.' }];
    if (clientId === null || resource === null || !clientIds.includes(clientId))
      return [400, { message: 'No managed identity was found for the specified client id.' }];
    const nowSeconds = Math.floor(Date.now() / 1000);
    let token = tokens.get(`${clientId} ${resource}`);
    if (token === undefined || Number(token.expires_on) - nowSeconds < LIFETIME_SECONDS / 2) {
      token = {
        access_token: tokenFor(clientId, resource, nowSeconds),
        expires_on: String(nowSeconds + LIFETIME_SECONDS),
      };
      tokens.set(`${clientId} ${resource}`, token);
    }
    return [200, { ...token, resource, token_type: 'Bearer', client_id: clientId }];
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const [clientId, resource] = [searchParams.get('client_id'), searchParams.get('resource')];
    const [status, body] = answerTo(pathname, request.headers['x-identity-header'] === secret, clientId, resource);
    asked.push({ clientId, resource, status });
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    settings: {
      IDENTITY_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`,
      IDENTITY_HEADER: secret,
    },
    asked,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

import { constants, createHash, timingSafeEqual, verify, X509Certificate } from 'node:crypto';
import type { Json } from './json-text';

/** An application that may ask for tokens. */
export interface Application {
  readonly clientId: string;
  readonly clientSecret: string;
  /** PEM certificate whose key may sign client assertions. */
  readonly certificate?: string | undefined;
}

/** An answer of the authority. */
export interface AuthorityAnswer {
  readonly status: number;
  readonly body: Json;
}

const same = (a: string, b: string): boolean => {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
};

const refused = (status: number, error: string, description: string): AuthorityAnswer => ({
  status,
  body: { error, error_description: description, error_codes: [Number(/\d+/.exec(description)?.[0] ?? 0)] },
});

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * The part of Entra ID that an application needs: OpenID configuration and the v2 token endpoint for client credentials,
 * by secret or by an assertion signed with a certificate's key.
 */
export class TokenEndpoint {
  readonly #tenantId: string;
  readonly #applications: readonly Application[];
  readonly #now: () => number;
  readonly #lifetimeSeconds: number;
  readonly #issuedTokens = new Map<string, { readonly clientId: string; readonly expiry: number }>();
  #issued = 0;

  constructor(tenantId: string, applications: readonly Application[], now: () => number, lifetimeSeconds: number) {
    this.#tenantId = tenantId;
    this.#applications = applications;
    this.#now = now;
    this.#lifetimeSeconds = lifetimeSeconds;
  }

  /** The application that has the token; undefined when it is none of ours or not good any more. */
  holder(token: string): string | undefined {
    const issued = this.#issuedTokens.get(token);
    return issued !== undefined && issued.expiry > this.#now() ? issued.clientId : undefined;
  }

  /** Makes all tokens worthless, as when the application's consent is withdrawn. */
  revokeAll(): void {
    this.#issuedTokens.clear();
  }

  /** Answers a request to the authority at `baseUrl`; undefined when the path is none of its. */
  answer(baseUrl: string, method: string, path: string, body: string): AuthorityAnswer | undefined {
    const tenant = `/${this.#tenantId}`;
    if (method === 'GET' && path === '/common/discovery/instance') {
      return { status: 200, body: { tenant_discovery_endpoint: this.#configurationUrl(baseUrl), metadata: [] } };
    }
    if (method === 'GET' && path === `${tenant}/v2.0/.well-known/openid-configuration`) {
      return { status: 200, body: this.#configuration(baseUrl) };
    }
    if (method === 'POST' && /^\/[^/]+\/oauth2\/v2\.0\/token$/.test(path)) {
      if (!path.startsWith(`${tenant}/`)) return refused(400, 'invalid_request', 'AADSTS90002: Tenant not found.');
      return this.#token(baseUrl, new URLSearchParams(body));
    }
    return undefined;
  }

  #configurationUrl(baseUrl: string): string {
    return `${baseUrl}/${this.#tenantId}/v2.0/.well-known/openid-configuration`;
  }

  #tokenUrl(baseUrl: string): string {
    return `${baseUrl}/${this.#tenantId}/oauth2/v2.0/token`;
  }

  #configuration(baseUrl: string): Json {
    const base = `${baseUrl}/${this.#tenantId}`;
    return {
      issuer: `${base}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: this.#tokenUrl(baseUrl),
      end_session_endpoint: `${base}/oauth2/v2.0/logout`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
      response_types_supported: ['code', 'token'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    };
  }

  #token(baseUrl: string, form: URLSearchParams): AuthorityAnswer {
    if (form.get('grant_type') !== 'client_credentials') {
      return refused(400, 'unsupported_grant_type', 'AADSTS70003: Only client_credentials is supported.');
    }
    const application = this.#applications.find(({ clientId }) => clientId === form.get('client_id'));
    if (application === undefined) {
      return refused(400, 'unauthorized_client', 'AADSTS700016: Application not found in the directory.');
    }
    const scopes = (form.get('scope') ?? '').split(' ');
    if (!scopes.includes(`${baseUrl}/.default`)) {
      return refused(400, 'invalid_scope', `AADSTS70011: The scope must be ${baseUrl}/.default.`);
    }
    const assertion = form.get('client_assertion');
    const known =
      assertion === null
        ? same(form.get('client_secret') ?? '', application.clientSecret)
        : this.#acceptsAssertion(application, baseUrl, assertion);
    if (!known) return refused(401, 'invalid_client', 'AADSTS7000215: Invalid client secret or assertion provided.');
    return { status: 200, body: { token_type: 'Bearer', ...this.#issue(application, baseUrl) } };
  }

  #issue(
    { clientId }: Application,
    baseUrl: string,
  ): {
    readonly expires_in: number;
    readonly ext_expires_in: number;
    readonly access_token: string;
  } {
    this.#issued += 1;
    const now = this.#now();
    const expiry = now + this.#lifetimeSeconds * 1000;
    const claims = {
      aud: baseUrl,
      appid: clientId,
      tid: this.#tenantId,
      exp: Math.floor(expiry / 1000),
      jti: this.#issued,
    };
    // Clients must not look into an access token; only its form is that of one.
    const token = `${base64url({ typ: 'JWT', alg: 'none' })}.${base64url(claims)}.${base64url(this.#issued)}`;
    for (const [old, { expiry: end }] of this.#issuedTokens) if (end <= now) this.#issuedTokens.delete(old);
    this.#issuedTokens.set(token, { clientId, expiry });
    return { expires_in: this.#lifetimeSeconds, ext_expires_in: this.#lifetimeSeconds, access_token: token };
  }

  #acceptsAssertion({ certificate, clientId }: Application, baseUrl: string, assertion: string): boolean {
    const [header = '', payload = '', signature = ''] = assertion.split('.');
    if (certificate === undefined || signature === '') return false;
    const read = (part: string): Record<string, unknown> =>
      JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
    const claims = read(payload);
    const key = new X509Certificate(certificate).publicKey;
    const options =
      read(header).alg === 'PS256' ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : { key };
    return (
      claims.iss === clientId &&
      claims.sub === clientId &&
      claims.aud === this.#tokenUrl(baseUrl) &&
      Number(claims.exp) * 1000 > this.#now() &&
      verify('sha256', Buffer.from(`${header}.${payload}`), options, Buffer.from(signature, 'base64url'))
    );
  }
}

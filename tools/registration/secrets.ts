import { messageOf } from '../../shared/errors/errors';
import { parseKeyVaultSecretIdentifier, SecretClient } from '@azure/keyvault-secrets';
import { appIdentity } from '../../shared/azure/deferred-credential';
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Declaration, DeclaredEndpoint, DeclaredSecret } from './declaration-schema';
import { secondsOf, type RegisteredItem } from './item';

/** Reads a secret of a vault by its address. */
export type ReadVault = (address: string) => Promise<string>;

/** The secret of an endpoint: in the form in which Dataverse takes it; or why it can't be had. */
export type EndpointSecret =
  | {
      readonly kind: 'known';
      readonly column: SecretColumn;
      readonly value: string;
      /** What must not show: the value, and what it is made of. */
      readonly hidden: readonly string[];
    }
  | { readonly kind: 'unknown'; readonly column: SecretColumn; readonly reason: string };

/** Columns that are written and never read. */
export type SecretColumn = 'authvalue' | 'saskey' | 'sastoken';

/** Where the secrets of an endpoint are, and what Dataverse takes them as. */
function placesOf(endpoint: DeclaredEndpoint): {
  readonly column: SecretColumn;
  readonly named: Readonly<Record<string, DeclaredSecret>>;
} {
  if (endpoint.kind === 'webhook') {
    const { webhookKey, httpHeader, httpQueryString } = endpoint.auth;
    const named = httpHeader ?? httpQueryString ?? (webhookKey === undefined ? {} : { '': webhookKey });
    return { column: 'authvalue', named };
  }
  const { sasKey, sasToken } = endpoint.auth;
  if (sasKey !== undefined) return { column: 'saskey', named: { '': sasKey.key } };
  return { column: 'sastoken', named: sasToken === undefined ? {} : { '': sasToken } };
}

/**
 * The secrets of all endpoints, by the endpoint's name. One that can't be had is no error yet: only who has to write it
 * needs it.
 */
export async function readSecrets(
  { endpoints = {} }: Declaration,
  variables: Readonly<Record<string, string | undefined>>,
  readVault: ReadVault,
): Promise<ReadonlyMap<string, EndpointSecret>> {
  const one = async (secret: DeclaredSecret): Promise<string> => {
    if ('keyVault' in secret) return readVault(secret.keyVault);
    const value = variables[secret.env];
    if (value === undefined || value === '') throw new Error(`the environment variable ${secret.env} isn't set`);
    return value;
  };
  const read = async ([key, endpoint]: [string, DeclaredEndpoint]): Promise<[string, EndpointSecret]> => {
    const { column, named } = placesOf(endpoint);
    try {
      const values = await Promise.all(Object.entries(named).map(async ([name, of]) => [name, await one(of)] as const));
      const value = '' in named ? (values[0]?.[1] ?? '') : settingsXml(values);
      const hidden = [value, ...values.flatMap(([, each]) => [escaped(each), each])];
      return [key, { kind: 'known', column, value, hidden }];
    } catch (error) {
      return [key, { kind: 'unknown', column, reason: messageOf(error) }];
    }
  };
  return new Map(await Promise.all(Object.entries(endpoints).map(read)));
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };
const escaped = (text: string): string => text.replace(/[&"<>]/g, (found) => ESCAPES[found] ?? found);

/** Headers or query parameters as `authvalue` keeps them. */
export const settingsXml = (values: readonly (readonly [name: string, value: string])[]): string =>
  `<settings>${values.map(([name, value]) => `<setting name="${escaped(name)}" value="${escaped(value)}" />`).join('')}</settings>`;

/**
 * Reads secrets of Key Vault as whoever runs this (`az login`), or as the identity of the machine; each vault and secret is
 * asked once.
 * https://learn.microsoft.com/azure/key-vault/secrets/quick-create-node
 */
export function keyVault(): ReadVault {
  const credential = appIdentity();
  const read = new Map<string, Promise<string>>();
  const ask = async (address: string): Promise<string> => {
    const { vaultUrl, name, version } = parseKeyVaultSecretIdentifier(address);
    try {
      const { value } = await new SecretClient(vaultUrl, credential).getSecret(
        name,
        version === undefined ? {} : { version },
      );
      if (value === undefined || value === '') throw new Error('it is empty');
      return value;
    } catch (error) {
      throw new Error(`the secret ${name} of ${vaultUrl} can't be read: ${messageOf(error)}`, { cause: error });
    }
  };
  return (address) => {
    const asked = read.get(address) ?? ask(address);
    read.set(address, asked);
    return asked;
  };
}

/**
 * How far apart the time in an endpoint's mark and the endpoint's last change may be: `modifiedon` is when Dataverse carried
 * out the request that the mark came with, by the clock of one of its servers, in whole seconds. Later, and something else
 * changed it; earlier, and somebody wrote the mark by hand.
 */
const WRITTEN_WITHIN_MS = 15_000;

/** Why an endpoint's secret, which can't be read, may not be the declared one; undefined: nothing says so. */
export async function secretState(
  { mark, hasSecret, modifiedMs }: RegisteredItem,
  secret: EndpointSecret | undefined,
): Promise<string | undefined> {
  if (!hasSecret) return 'not set';
  if (mark?.secret === undefined) return "unknown: it wasn't written from a declaration";
  const { fingerprint, writtenMs } = mark.secret;
  if (secret?.kind === 'known' && !(await isFingerprintOf(fingerprint, secret.value))) return 'different';
  return Math.abs(modifiedMs - writtenMs) > WRITTEN_WITHIN_MS
    ? `perhaps different: the endpoint was changed at ${secondsOf(modifiedMs)}`
    : undefined;
}

const derive = promisify<string, Buffer, number, Buffer>(scrypt);
const SALT_BYTES = 12;
const HASH_BYTES = 18;

/**
 * A fingerprint of a secret that can lie in the open, beside the endpoint that has the secret: salted and slow to guess.
 * `SALT.HASH`, base64url.
 */
export async function fingerprintOf(secret: string, salt = randomBytes(SALT_BYTES)): Promise<string> {
  return `${salt.toString('base64url')}.${(await derive(secret, salt, HASH_BYTES)).toString('base64url')}`;
}

/** Whether a fingerprint is that of this secret; one of another form is of none. */
async function isFingerprintOf(fingerprint: string, secret: string): Promise<boolean> {
  const [salt, hash] = fingerprint.split('.').map((part) => Buffer.from(part, 'base64url'));
  if (salt?.length !== SALT_BYTES || hash?.length !== HASH_BYTES) return false;
  return timingSafeEqual(await derive(secret, salt, HASH_BYTES), hash);
}

/** An error of a request that a secret was sent with: without the secret, should its text repeat it. */
export function scrubbedError(error: unknown, secret: EndpointSecret | undefined): unknown {
  const text = messageOf(error);
  const hidden = secret?.kind === 'known' ? secret.hidden : [];
  const shown = hidden.reduce((left, each) => left.replaceAll(each, '…'), text);
  // The error itself would be its cause, and have the secret in it.
  return shown === text ? error : new Error(shown);
}

/**
 * A text as it may be shown: without users and queries of addresses, and without shared access signatures and keys. Texts
 * from Dataverse are anyone's: an address that was typed in by hand may have its key in it.
 */
export const withoutSecrets = (text: string): string =>
  text
    .replace(/(:\/\/)[^\s/?#@]+@/g, '$1…@')
    .replace(/\?[^\s"'<>]+/g, '?…')
    .replace(/\b(sig|SharedAccessKey)=[^\s&;"'<>]+/gi, '$1=…');

import { messageOf } from '../../shared/errors/errors';
import type { Declaration, DeclaredEndpoint, DeclaredSecret } from './declaration-schema';

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

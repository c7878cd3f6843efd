import * as z from 'zod';
import type { Environment, Found } from './environment';

/** As whom to call Dataverse. */
export type DataverseAuth =
  | { readonly kind: 'client-secret'; readonly tenantId: string; readonly clientId: string; readonly secret: string }
  | {
      readonly kind: 'client-certificate';
      readonly tenantId: string;
      readonly clientId: string;
      readonly certificatePath: string;
    }
  | { readonly kind: 'managed-identity'; readonly clientId?: string }
  /** Whoever is signed in on this machine (`az login`): operators and developers. */
  | { readonly kind: 'azure-cli' };

/** The Web API: where, as whom. */
export interface DataverseConfig {
  readonly url: string;
  readonly auth: DataverseAuth;
  /** For clouds whose authority Microsoft's instance discovery doesn't know. */
  readonly disableInstanceDiscovery: boolean;
}

/** The address of an environment. */
const environmentUrl = z
  .url({ protocol: /^https$/, error: 'must be an https address such as https://contoso.crm4.dynamics.com' })
  .transform((url) => new URL(url).origin);

/** `DATAVERSE_…`; without an address there is no Web API, and nothing is wrong. */
export function readDataverse(environment: Environment): Found<DataverseConfig> {
  const address = environment.DATAVERSE_URL?.trim() ?? '';
  if (address === '') return { faults: [] };
  const url = environmentUrl.safeParse(address);
  const faults = url.success ? [] : url.error.issues.map(({ message }) => `DATAVERSE_URL ${message}`);
  const setting = (name: string): string => environment[name]?.trim() ?? '';
  const need = (name: string): string => {
    if (setting(name) === '')
      faults.push(`${name} is missing: DATAVERSE_AUTH=${setting('DATAVERSE_AUTH') || 'client-secret'} needs it`);
    return setting(name);
  };
  let auth: DataverseAuth;
  switch (setting('DATAVERSE_AUTH')) {
    case '':
    case 'client-secret':
      auth = {
        kind: 'client-secret',
        tenantId: need('DATAVERSE_TENANT_ID'),
        clientId: need('DATAVERSE_CLIENT_ID'),
        secret: need('DATAVERSE_CLIENT_SECRET'),
      };
      break;
    case 'client-certificate':
      auth = {
        kind: 'client-certificate',
        tenantId: need('DATAVERSE_TENANT_ID'),
        clientId: need('DATAVERSE_CLIENT_ID'),
        certificatePath: need('DATAVERSE_CLIENT_CERTIFICATE_PATH'),
      };
      break;
    case 'managed-identity':
      auth =
        setting('DATAVERSE_CLIENT_ID') === ''
          ? { kind: 'managed-identity' }
          : { kind: 'managed-identity', clientId: setting('DATAVERSE_CLIENT_ID') };
      break;
    case 'azure-cli':
      auth = { kind: 'azure-cli' };
      break;
    default:
      return {
        faults: [
          ...faults,
          'DATAVERSE_AUTH must be one of client-secret, client-certificate, managed-identity, azure-cli',
        ],
      };
  }
  if (!url.success || faults.length > 0) return { faults };
  return {
    value: {
      url: url.data,
      auth,
      disableInstanceDiscovery: setting('DATAVERSE_DISABLE_INSTANCE_DISCOVERY') === 'true',
    },
    faults: [],
  };
}

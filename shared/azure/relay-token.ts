import { createHmac } from 'node:crypto';

/**
 * A shared access signature of Azure Relay for a hybrid connection.
 * https://learn.microsoft.com/azure/azure-relay/relay-authentication-and-authorization
 *
 * @param host of the namespace: `contoso.servicebus.windows.net`
 * @param endSeconds when it ends, in seconds since 1970
 */
export function relaySignature(host: string, path: string, rule: string, key: string, endSeconds: number): string {
  const resource = encodeURIComponent(`http://${host.replace(/:\d+$/, '')}/${path}`.toLowerCase());
  const signature = createHmac('sha256', key).update(`${resource}\n${endSeconds}`).digest('base64');
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${endSeconds}&skn=${encodeURIComponent(rule)}`;
}

/** The scope of Azure Relay's tokens of Entra ID, which are sent bare. */
export const RELAY_SCOPE = 'https://relay.azure.net/.default';

/** The header for the relay's token: in `Authorization` it would take the place of the LOB system's own. */
export const RELAY_HEADER = 'ServiceBusAuthorization';

/** The operator's CLI against a Dataverse simulator, in this process: as processes of their own, commands take half a second more. */
import { afterAll } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Dataverse } from '../../../local/dataverse/simulator';
import { eventually } from '../../eventually';
import { dvo, type Ran } from './terminal';

const CREATED = 'http.client.request.created';
const trusted = getCACertificates();
const underWay = new Set<ClientRequest>();

function begun(message: unknown): void {
  const { request } = message as { readonly request: ClientRequest };
  underWay.add(request);
  request.once('close', () => underWay.delete(request));
}

subscribe(CREATED, begun);
afterAll(() => {
  unsubscribe(CREATED, begun);
  setDefaultCACertificates(trusted);
});

/** With which a command reaches a simulator. */
export const settingsOf = (dataverse: Dataverse): Readonly<Record<string, string>> => ({
  NODE_EXTRA_CA_CERTS: dataverse.certificatePath,
  ...{ DATAVERSE_URL: dataverse.url, AZURE_AUTHORITY_HOST: dataverse.authorityHost },
  ...{ DATAVERSE_TENANT_ID: dataverse.tenantId, DATAVERSE_CLIENT_ID: dataverse.clientId },
  ...{ DATAVERSE_CLIENT_SECRET: dataverse.clientSecret, DATAVERSE_DISABLE_INSTANCE_DISCOVERY: 'true' },
});

/** Runs a command under these settings; one at a time, for the environment is this process's. */
export async function dvoAgainst(
  dataverse: Dataverse,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const saved = process.env;
  // Node reads NODE_EXTRA_CA_CERTS only as a process starts.
  setDefaultCACertificates([readFileSync(dataverse.certificatePath, 'utf8')]);
  process.env = { ...saved, ...settingsOf(dataverse), ...settings };
  try {
    return await dvo(args);
  } finally {
    process.env = saved;
    // A command that fails leaves what it had asked besides; the end of its process would be the end of that.
    await eventually(() => underWay.size === 0, 'answers to all requests');
  }
}

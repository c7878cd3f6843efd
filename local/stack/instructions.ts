import type { MappingSettings } from '../day/mapping';
import { asJson, sourced } from './settings-file';
import type { Stack } from './stack';

/**
 * How to start the app with some settings, as lines for a shell; the settings come first, unless they are in `file`.
 */
export function howToStart(settings: Readonly<Record<string, string>>, webhookUrl: string, file?: string): string {
  const { port } = new URL(webhookUrl);
  return [
    file === undefined ? `local.settings.json:\n${asJson(settings)}\n` : `The settings are in ${file}.\n`,
    'Start the app with these settings, for example:',
    // Node reads this one before it starts, so it can't come from local.settings.json.
    file?.endsWith('.env') === true
      ? `  ${sourced(file)}`
      : `  export NODE_EXTRA_CA_CERTS=${settings.NODE_EXTRA_CA_CERTS ?? ''}`,
    `  npm run host -- --port ${port}    # or, with Core Tools and Node 22 or newer in PATH: func start --port ${port}`,
    '',
  ].join('\n');
}

/** How to register the steps where none are, with settings that may have been written to a file. */
export const howToRegister = (file?: string): string =>
  [
    `Nothing is registered yet. In a shell with these settings${file?.endsWith('.env') === true ? ` (${sourced(file)})` : ''}:`,
    '  npm run -s dvo -- steps plan local/day/dataverse.yaml',
    '  npm run -s dvo -- steps apply local/day/dataverse.yaml',
  ].join('\n');

/** How to look into the running stack: shell lines that can be pasted. */
export function howToLook(
  { azurite, postgres, dataverse, webhookKey }: Stack,
  webhookUrl: string,
  { MAPPING_FILE }: Pick<MappingSettings, 'MAPPING_FILE'>,
): string {
  const token = `${dataverse.authorityHost}${dataverse.tenantId}/oauth2/v2.0/token`;
  const place = Object.entries(postgres?.settings ?? { LOB_STORAGE: azurite.connectionString });
  return [
    ...(postgres === undefined
      ? []
      : ['SQL, in any client:', `  psql '${postgres.url}' -c 'select * from lob.customers'`, '']),
    'The rows in the LOB store (all, or of one table):',
    `  ${place.map(([name, value]) => `${name}='${value}'`).join(' ')} MAPPING_FILE='${MAPPING_FILE}' npm run -s dvo -- rows account`,
    '',
    'Send an event to the webhook yourself (the simulator has no such row, so the read-back finds it deleted; a second time it is a duplicate):',
    `  curl -sS -X POST '${webhookUrl}' -H 'x-dvo-key: ${webhookKey}' -H 'content-type: application/json' --data-binary @test/fixtures/create-account.json`,
    '',
    'Ask the Dataverse simulator:',
    `  TOKEN=$(curl -sS --cacert ${dataverse.certificatePath} -d 'grant_type=client_credentials&client_id=${dataverse.clientId}&client_secret=${dataverse.clientSecret}&scope=${dataverse.url}/.default' ${token} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `  curl -sS --cacert ${dataverse.certificatePath} -H "authorization: Bearer $TOKEN" '${dataverse.url}/api/data/v9.2/accounts?$select=name&$top=3'`,
    `  curl -sS --cacert ${dataverse.certificatePath} -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"name":"My own account"}' ${dataverse.url}/api/data/v9.2/accounts`,
    `  curl -sS --cacert ${dataverse.certificatePath} -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"Berth":7}' ${dataverse.url}/api/data/v9.2/new_BookBerth`,
  ].join('\n');
}

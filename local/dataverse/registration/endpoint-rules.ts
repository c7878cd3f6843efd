import { requireColumns } from '../rows/column-checks';
import { withDefaults } from '../metadata/column-defaults';
import { invalidArgument } from '../dataverse-error';
import type { RowWrite } from '../rows/row-rules';
import { AUTH_TYPE, CONTRACT, MESSAGE_FORMAT, SECRETS } from './service-endpoint-table';
import { asText, type Columns } from '../rows/value';

const DEFAULTS: Columns = { connectionmode: 1, userclaim: 1, usekeyvaultconfiguration: false, ismanaged: false };

/** What an endpoint gets beside what was asked for: which secrets are set, and on Create the defaults. */
export function completedEndpoint(requested: Columns, before: Columns | undefined): Columns {
  const flags = Object.entries(SECRETS)
    .filter(([secret]) => before === undefined || secret in requested)
    .map(([secret, flag]) => [flag, asText(requested[secret]) !== ''] as const);
  return { ...(before === undefined ? withDefaults(requested, DEFAULTS) : {}), ...Object.fromEntries(flags) };
}

/**
 * What the platform asks of an endpoint, by contract; of contracts that are not posted to here only name and contract.
 * No source tells the words: only that the platform has these rules.
 */
export function checkEndpoint({ table, before, after }: RowWrite): void {
  requireColumns(table.logicalName, after, ['name', 'contract']);
  if (before !== undefined && before.contract !== after.contract) {
    throw invalidArgument('The contract of a service endpoint cannot be changed: delete it and create another one.');
  }
  switch (after.contract) {
    case CONTRACT.webhook:
      checkWebhook(table.logicalName, after);
      return;
    case CONTRACT.queue:
    case CONTRACT.persistentQueue:
    case CONTRACT.topic:
    case CONTRACT.eventHub:
      checkBus(table.logicalName, after);
      return;
    default:
  }
}

function checkWebhook(table: string, endpoint: Columns): void {
  requireColumns(table, endpoint, ['url', 'authtype']);
  const text = asText(endpoint.url);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw invalidArgument('The url of a webhook has to be an absolute http or https address.');
  }
  const { webhookKey, httpHeader, httpQueryString } = AUTH_TYPE;
  oneOf(endpoint.authtype, [webhookKey, httpHeader, httpQueryString], 'The authtype of a webhook');
  if ((endpoint.messageformat ?? MESSAGE_FORMAT.json) !== MESSAGE_FORMAT.json) {
    throw invalidArgument('The messageformat of a webhook has to be 2: webhooks are sent JSON only.');
  }
}

function checkBus(table: string, endpoint: Columns): void {
  requireColumns(table, endpoint, ['path', 'authtype']);
  const { sasKey, sasToken, connectionString } = AUTH_TYPE;
  oneOf(endpoint.authtype, [sasKey, sasToken, connectionString], 'The authtype of a bus endpoint');
  const secrets =
    endpoint.authtype === sasKey
      ? ['namespaceaddress', 'saskeyname', 'saskey']
      : endpoint.authtype === sasToken
        ? ['namespaceaddress', 'sastoken']
        : ['authvalue'];
  requireColumns(table, endpoint, secrets);
  if (
    endpoint.authtype !== connectionString &&
    !/^(sb|amqps?|https?):\/\/[^/\s]+\/?$/.test(asText(endpoint.namespaceaddress))
  ) {
    throw invalidArgument('The namespaceaddress has to be an address as sb://name.servicebus.windows.net/.');
  }
  if (endpoint.contract === CONTRACT.eventHub && endpoint.messageformat === MESSAGE_FORMAT.binaryXml) {
    throw invalidArgument(
      'The messageformat of an event hub has to be 2 or 3: event hubs are sent JSON or text XML only.',
    );
  }
}

function oneOf(value: unknown, allowed: readonly number[], what: string): void {
  if (!allowed.some((each) => each === value)) throw invalidArgument(`${what} has to be one of ${allowed.join(', ')}.`);
}

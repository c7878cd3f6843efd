import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { isKeyName } from '../../shared/receive/webhook-endpoint';
import { countArgument } from './terminal/arguments';
import { openApiDocument, SOME_DEPLOYMENT, type Deployment } from './openapi-document';
import type { Terminal } from './terminal/terminal';

function hostArgument(host: string): string {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?$/.test(host)) return host;
  throw new InvalidArgumentError('It must be a host without https:// and path, such as app.azurewebsites.net.');
}

function headerArgument(name: string): string {
  if (isKeyName(name)) return name.toLowerCase();
  throw new InvalidArgumentError('It must be the name of a header, and none that is in use already.');
}

/** `dvo openapi`: what the app's HTTP endpoint takes and answers, for custom connectors and other clients. */
export function addOpenApiCommand(program: Command, terminal: Terminal): void {
  const { host, keyName, maxKilobytes } = SOME_DEPLOYMENT;
  program
    .command('openapi')
    .description(
      "print the OpenAPI 2.0 document of the app's HTTP endpoint (docs/connect.md#use-a-power-automate-flow)",
    )
    .option('--host <host>', 'where the app is deployed', hostArgument, host)
    .option('--key-name <name>', 'its WEBHOOK_KEY_NAME', headerArgument, keyName)
    .option('--max-kilobytes <count>', 'its WEBHOOK_MAX_KILOBYTES', countArgument, maxKilobytes)
    .action((deployment: Deployment) => terminal.out(`${JSON.stringify(openApiDocument(deployment), null, 2)}\n`));
}

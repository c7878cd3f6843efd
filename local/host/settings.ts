/** App settings: the environment over local.settings.json, `%SETTING%` expressions, connections, and which functions are off. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { BlobServiceClient } from '@azure/storage-blob';
import { appIdentity } from '../../shared/azure/deferred-credential';

/** Thrown when a function can't start for want of a setting or because of a wrong option; the other functions run. */
export class FunctionInError extends Error {}

const settingsFile = z.object({
  IsEncrypted: z.boolean().optional(),
  Values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});

/**
 * Puts the values of local.settings.json into the environment, where the app reads them; what the environment already has wins, as with Core Tools
 * (https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file).
 *
 * @throws Error if the file is encrypted or isn't of that form.
 */
export function loadSettingsFile(file: string): void {
  if (!existsSync(file)) return;
  const parsed = settingsFile.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.IsEncrypted === true) throw new Error(`${file} is encrypted: run "func settings decrypt" first.`);
  for (const [name, value] of Object.entries(parsed.data.Values)) process.env[name] ??= String(value);
}

/** The app settings as the host looks them up. */
export class Settings {
  readonly #values: ReadonlyMap<string, string>;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    // .NET configuration, which the real host uses, ignores case.
    this.#values = new Map(
      Object.entries(environment).flatMap(([name, value]) =>
        value === undefined ? [] : [[name.toLowerCase(), value]],
      ),
    );
  }

  /** The value of a setting; an empty one counts as absent. */
  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase()) || undefined;
  }

  /**
   * Replaces each `%SETTING%` of a trigger's option.
   *
   * @throws FunctionInError naming the missing setting.
   */
  resolve(expression: string): string {
    return expression.replace(/%([^%]+)%/g, (whole, name: string) => {
      const value = this.get(name);
      if (value === undefined)
        throw new FunctionInError(`'${whole}' does not resolve to a value: set the app setting '${name}'.`);
      return value;
    });
  }

  /**
   * The connection string behind a trigger's `connection`. The WebJobs SDK tries the name with the prefix `AzureWebJobs` first, then as it stands.
   *
   * @throws FunctionInError naming the missing setting, or saying that identity-based connections don't work locally.
   */
  connection(name: string): string {
    const value = this.get(`AzureWebJobs${name}`) ?? this.get(name);
    if (value !== undefined) return value;
    if (this.get(`${name}__fullyQualifiedNamespace`) !== undefined) {
      throw new FunctionInError(
        `Connection '${name}' is identity-based ('${name}__fullyQualifiedNamespace'), which this local host doesn't support: ` +
          `set '${name}' to a connection string.`,
      );
    }
    throw new FunctionInError(`Connection string '${name}' is missing or empty: set the app setting '${name}'.`);
  }

  /**
   * Whether a function is switched off. The underscore form is for Linux, where a variable's name can't have dots; both are in the WebJobs SDK
   * (HostListenerFactory.IsDisabled). https://learn.microsoft.com/azure/azure-functions/disable-function
   */
  isDisabled(functionName: string): boolean {
    return [`AzureWebJobs.${functionName}.Disabled`, `AzureWebJobs_${functionName}_Disabled`].some((name) => {
      const value = this.get(name)?.toLowerCase();
      return value === 'true' || value === '1';
    });
  }
}

/** The blobs of `AzureWebJobsStorage`, by connection string or by an identity; undefined if neither is set. */
export function hostBlobs(settings: Settings): BlobServiceClient | undefined {
  const connectionString = settings.get('AzureWebJobsStorage');
  if (connectionString !== undefined) return BlobServiceClient.fromConnectionString(connectionString);
  const address = settings.get('AzureWebJobsStorage__blobServiceUri');
  return address === undefined
    ? undefined
    : new BlobServiceClient(address, appIdentity(settings.get('AzureWebJobsStorage__clientId')));
}

import { bicepParser } from './bicep/syntax';
import { asText, type Value } from './bicep/evaluate';
import { sourcesOf } from './check-deployment';
import { deploymentFiles } from './deployment-files';
import { parametersOf, planOf, type Plan, type Planned } from './plan';

/** What the tests' deployer has in the environment. */
export const ENVIRONMENT = {
  DATAVERSE_URL: 'https://contoso.crm4.dynamics.com',
  WEBHOOK_KEYS: 'a-key-of-twenty-signs',
  REDACTION_KEY: 'a-key-in-base64',
  ALERT_EMAIL: 'operator@contoso.com',
};

/** The parameters that have no default. */
export const LEAST = { name: 'dvo', dataverseUrl: ENVIRONMENT.DATAVERSE_URL, tables: ['account', 'contact'] };

/** The templates of infra/, to be computed with parameters or a parameter file. */
export async function infra(): Promise<{
  readonly with: (parameters: Readonly<Record<string, Value>>) => Plan;
  readonly of: (parameterFile: string, environment?: Readonly<Record<string, string>>) => Plan;
}> {
  const files = deploymentFiles();
  const sources = sourcesOf(files, await bicepParser());
  return {
    with: (parameters) => planOf(files, sources, { ...LEAST, ...parameters }),
    of: (parameterFile, environment = ENVIRONMENT) => {
      const source = sources.get(parameterFile);
      if (source === undefined) throw new Error(`There is no ${parameterFile}.`);
      return planOf(files, sources, parametersOf(source, environment));
    },
  };
}

/** The resources of a type. */
export const ofType = ({ resources }: Plan, type: string): readonly Planned[] =>
  resources.filter((resource) => resource.type === type);

/** A resource's name. */
export const nameOf = ({ body }: Planned): string => asText(body.name);

/** What lies at this path of a value: `properties.sku.name`. */
export function at(value: Value | Planned['body'] | undefined, path: string): Value | undefined {
  let found: unknown = value;
  for (const name of path.split('.')) found = (found as Readonly<Record<string, unknown>> | undefined)?.[name];
  return found as Value | undefined;
}

/** The app's settings. */
export const settingsOf = (plan: Plan): Readonly<Record<string, string>> =>
  at(ofType(plan, 'Microsoft.Web/sites/config')[0]?.body, 'properties') as Readonly<Record<string, string>>;

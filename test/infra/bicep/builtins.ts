/** A function of the language: how many arguments it takes, and what it returns (undefined: what its arguments are). */
export interface Builtin {
  readonly least: number;
  readonly most: number;
  readonly returns: string | undefined;
}

const builtin = (least: number, most: number, returns?: string): Builtin => ({ least, most, returns });

/**
 * The functions that the templates may call. https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-functions
 * None that reads a key is among them (listKeys and the like).
 */
export const BUILTINS: Readonly<Record<string, Builtin>> = {
  concat: builtin(1, Infinity),
  empty: builtin(1, 1, 'bool'),
  environment: builtin(0, 0, 'object'),
  guid: builtin(1, Infinity, 'string'),
  join: builtin(2, 2, 'string'),
  length: builtin(1, 1, 'int'),
  loadTextContent: builtin(1, 2, 'string'),
  readEnvironmentVariable: builtin(1, 2, 'string'),
  replace: builtin(3, 3, 'string'),
  resourceGroup: builtin(0, 0, 'object'),
  resourceId: builtin(2, Infinity, 'string'),
  string: builtin(1, 1, 'string'),
  subscriptionResourceId: builtin(2, Infinity, 'string'),
  tenant: builtin(0, 0, 'object'),
  toLower: builtin(1, 1, 'string'),
  union: builtin(2, Infinity),
  uniqueString: builtin(1, Infinity, 'string'),
};

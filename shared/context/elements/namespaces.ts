/** Namespace of the platform's own types and of their members. */
export const CONTRACTS = 'http://schemas.microsoft.com/xrm/2011/Contracts';

/** Members of a pair, `key` and `value`. */
export const GENERIC = 'http://schemas.datacontract.org/2004/07/System.Collections.Generic';

/** The simple types of XML Schema. */
export const SCHEMA = 'http://www.w3.org/2001/XMLSchema';

/** The attributes `type` and `nil`. */
export const INSTANCE = 'http://www.w3.org/2001/XMLSchema-instance';

/** The simple types that .NET adds to those of XML Schema: `guid`, `char`, `duration`. */
export const SERIALIZATION = 'http://schemas.microsoft.com/2003/10/Serialization/';

/** Arrays and dictionaries of simple types. */
export const ARRAYS = 'http://schemas.microsoft.com/2003/10/Serialization/Arrays';

const OWN: ReadonlyMap<string, string> = new Map(
  [CONTRACTS, GENERIC, SCHEMA, INSTANCE, SERIALIZATION, ARRAYS].map((uri) => [uri, uri]),
);

/** A namespace as it stands here, so that comparing it with one of these is no matter of its seventy characters. */
export const namespaceOf = (uri: string): string => OWN.get(uri) ?? uri;

const ANY_CONTRACTS = /^http:\/\/schemas\.microsoft\.com\/xrm\/\d+(?:\.\d+)?\/Contracts$/;

/** Whether a namespace is the platform's, of any version: newer types have a newer one (`xrm/9.0/Contracts`). */
export const isContracts = (uri: string): boolean => uri === CONTRACTS || ANY_CONTRACTS.test(uri);

/** What .NET's JSON has a `#` for at the start of a type's namespace. */
const CLR = 'http://schemas.datacontract.org/2004/07/';

/** A type as .NET's JSON would name it, so that one type has one name whatever the format: `Name:namespace`. */
export const typeText = (name: string, uri: string): string =>
  `${name}:${uri.startsWith(CLR) ? `#${uri.slice(CLR.length)}` : uri}`;

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Fact } from './json-losses';

const FOLDER = path.resolve(__dirname, '../fixtures');

/** An event's facts in plain words: test/fixtures/README.md. */
export interface Facts {
  readonly message: string;
  readonly stage: number;
  readonly mode: 0 | 1;
  readonly depth: number;
  readonly table: string;
  readonly rowId: string;
  readonly secondaryTable: string;
  readonly correlationId: string;
  readonly operationId: string;
  readonly requestId: string | null;
  readonly operationCreatedOn: string;
  readonly userId: string;
  readonly initiatingUserId: string;
  readonly businessUnitId: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly initiatingUserAgent?: string;
  readonly userAzureActiveDirectoryObjectId?: string;
  readonly initiatingUserAzureActiveDirectoryObjectId?: string;
  readonly isInTransaction: boolean;
  readonly isExecutingOffline: boolean;
  readonly isOfflinePlayback: boolean;
  readonly isolationMode: number;
  readonly owningExtension: { readonly id: string; readonly displayName: string | null };
  readonly inputParameters: readonly Fact[] | null;
  readonly outputParameters: readonly Fact[] | null;
  readonly sharedVariables: readonly Fact[] | null;
  readonly preImages: readonly { readonly alias: string; readonly entity: Fact }[] | null;
  readonly postImages: readonly { readonly alias: string; readonly entity: Fact }[] | null;
  readonly parent: Facts | null;
}

/** Names of all events that have facts. */
export const FIXTURES: readonly string[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.expected.json'))
  .map((name) => name.slice(0, -'.expected.json'.length));

/** The bytes of a fixture file, `create-account.json` say. */
export const fixture = (file: string): Buffer => readFileSync(path.join(FOLDER, file));

/** The facts of an event. */
export const factsOf = (name: string): Facts => JSON.parse(fixture(`${name}.expected.json`).toString('utf8')) as Facts;

/** A wire object that a test may change before it is read. */
export type Wire = Record<string, unknown>;

/** The body of an event with some members changed; `undefined` takes one away. */
export function changed(name: string, members: Wire): Buffer {
  const wire = JSON.parse(fixture(`${name}.json`).toString('utf8')) as Wire;
  return Buffer.from(JSON.stringify({ ...wire, ...members }));
}

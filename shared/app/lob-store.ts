/** Where rows, links and events are kept, as the settings say. */
import { placeOf, type TableClientFactory } from '../azure/tables';
import type { CoreConfig } from './config';
import type { EventStore } from '../lob/event-store';
import { HttpEventStore } from '../lob/http/http-event-store';
import { HttpStore } from '../lob/http/http-store';
import { HttpTarget } from '../lob/http/http-target';
import { targetHeaders } from '../lob/http/target-headers';
import { namingOf } from '../lob/mapped-store';
import { Database } from '../lob/postgres/database';
import { postgresNamingOf } from '../lob/postgres/naming';
import { PostgresEventStore } from '../lob/postgres/postgres-event-store';
import { PostgresFinder } from '../lob/postgres/postgres-finder';
import { PostgresStore } from '../lob/postgres/postgres-store';
import { SCHEMAS, Schema } from '../lob/postgres/schema';
import type { RowFinder } from '../lob/row-finder';
import type { LobStore, TombstoneStore } from '../lob/store';
import { TableEventStore } from '../lob/tables/table-event-store';
import { TableFinder } from '../lob/tables/table-finder';
import { TableStore } from '../lob/tables/table-store';
import type { StorageAccount } from '../settings/storage-account';
import type { ClockSample } from '../telemetry/clock-watch';
import type { Log } from '../telemetry/log';

/** The LOB store. */
export interface Lob {
  readonly store: LobStore & TombstoneStore;
  readonly events: EventStore;
  /** Undefined for a store that can't look for values. */
  readonly finder: RowFinder | undefined;
  /** Undefined where it is no database. */
  readonly database?: Database;
  /** Where a table or link lies, by its name in Dataverse: changes when it lies elsewhere. */
  placeOf(name: string): string;
}

/**
 * Opens the store; nothing is asked of it yet.
 *
 * @param clientsOf the clients of a storage account's tables
 * @param answered is told when an answer of a database was made and came
 */
export function openLob(
  { lob, lobTablePrefix, mapping }: Pick<CoreConfig, 'lob' | 'lobTablePrefix' | 'mapping'>,
  clientsOf: (account: StorageAccount<'table'>) => TableClientFactory,
  log: Log,
  answered: (sample: ClockSample) => void,
): Lob {
  if (lob.kind === 'postgres') {
    const database = new Database(lob, log, answered);
    const schema = new Schema(database, { schemas: SCHEMAS, grows: lob.growsSchema, log });
    const naming = postgresNamingOf(mapping, lobTablePrefix);
    return {
      store: new PostgresStore(database, schema, naming, SCHEMAS.tables),
      finder: new PostgresFinder(database, schema, naming),
      events: new PostgresEventStore(database, schema, naming),
      database,
      placeOf: (name) => `${database.place}/${SCHEMAS.tables}.${naming.tableOf(name)}`,
    };
  }
  const clients = clientsOf(lob.kind === 'http' ? lob.notes : lob);
  const naming = namingOf(mapping, lobTablePrefix);
  if (lob.kind === 'http') {
    const target = new HttpTarget(lob.target, targetHeaders(lob.target), log);
    return {
      store: new HttpStore(new TableStore(clients, naming), target, mapping),
      events: new HttpEventStore(target),
      finder: undefined,
      placeOf: (name) => `${target.place}/${mapping.links.get(name)?.target ?? mapping.tableOf(name).target}`,
    };
  }
  return {
    store: new TableStore(clients, naming),
    finder: new TableFinder(clients, naming),
    events: new TableEventStore(clients, lobTablePrefix),
    placeOf: (name) => placeOf(clients(naming.tableOf(name))),
  };
}

import { webApi } from '../../../shared/app/services';
import { readConfig } from '../../../shared/app/config';
import { MetadataCatalog } from '../../../shared/dataverse/metadata';
import { Database } from '../../../shared/lob/postgres/database';
import { postgresNamingOf } from '../../../shared/lob/postgres/naming';
import { outboxStatements } from '../../../shared/lob/postgres/outbox-table';
import { SCHEMAS, Schema, type WantedTable } from '../../../shared/lob/postgres/schema';
import { wantedEvents, wantedLinks, wantedRows } from '../../../shared/lob/postgres/wanted-tables';
import { environment } from '../../../shared/settings/environment';
import { DriftFound, settingsOf, UsageError, type Terminal } from '../terminal/terminal';

/** `dvo store migrate`: what PostgreSQL lacks. */
export async function migrate(terminal: Terminal, { apply }: { readonly apply?: true }): Promise<void> {
  const [core] = settingsOf(readConfig(environment()).core);
  const { lob, mapping, dataverse } = core;
  if (lob.kind !== 'postgres') throw new UsageError('LOB_STORE is not postgres: Azure Tables has no schema to migrate');
  if (dataverse === undefined)
    throw new UsageError('DATAVERSE_URL is missing: the columns of the tables come from its metadata');
  const naming = postgresNamingOf(mapping, core.lobTablePrefix);
  const catalog = new MetadataCatalog(webApi(dataverse), mapping.languages);
  const wanted: WantedTable[] = [];
  for (const table of core.tables) wanted.push(wantedRows(await catalog.get(table), mapping, naming));
  wanted.push(...core.relationships.map((name) => wantedLinks(name, naming)));
  const targets = new Set([...mapping.events.values()].map(({ target }) => target));
  wanted.push(...[...targets].map((target) => wantedEvents(target, naming)));
  const database = new Database(lob);
  try {
    const isInbound = core.tables.some((table) => mapping.tableOf(table).inbound !== undefined);
    if (isInbound) await migrateOutbox(terminal, database, apply);
    await migrateTo(terminal, new Schema(database, { schemas: SCHEMAS, grows: true }), wanted, apply);
  } finally {
    await database.close();
  }
}

/** Shows, or makes, the table into which triggers put what the LOB system changed. */
export async function migrateOutbox(terminal: Terminal, database: Database, apply: true | undefined): Promise<void> {
  const statements = await outboxStatements(database);
  for (const statement of statements) {
    terminal.out(`${statement};\n`);
    if (apply === true) await database.query(statement);
  }
}

/** Shows, or does, what is missing of these tables. @throws DriftFound where a column has another type than it should */
export async function migrateTo(
  terminal: Terminal,
  schema: Schema,
  wanted: readonly WantedTable[],
  apply: true | undefined,
): Promise<void> {
  let changed = 0;
  const misfits: string[] = [];
  for (const table of wanted) {
    const plan = await schema.plan(table);
    misfits.push(
      ...plan.misfits.map((one) => `${table.name}.${one.column} is ${one.has}, and should be ${one.wanted}`),
    );
    if (plan.statements.length === 0) continue;
    changed += 1;
    terminal.out(`${plan.statements.map((statement) => `${statement};`).join('\n')}\n`);
    if (apply === true) await schema.apply(table);
  }
  terminal.out(
    changed === 0
      ? 'nothing to change\n'
      : `${changed} tables ${apply === true ? 'changed' : 'to change. --apply changes them'}\n`,
  );
  if (misfits.length > 0)
    throw new DriftFound(
      `${misfits.join('; ')}. Types aren't changed: rows that don't fit are parked. Change the type, or rename the column in the mapping file.`,
    );
}

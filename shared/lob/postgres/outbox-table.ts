import type { Querying } from './database';
import { SCHEMAS } from './schema';
import { quoted } from './statements';

/** The table into which triggers of the LOB system's own tables put what changed there. docs/inbound.md */
export const INBOUND_TABLE = `${quoted(SCHEMAS.tables)}.inbound`;

const CREATE = [
  `create schema if not exists ${quoted(SCHEMAS.tables)}`,
  `create table if not exists ${INBOUND_TABLE} (id bigint generated always as identity primary key, ` +
    'message_id uuid not null default gen_random_uuid(), message jsonb not null, at timestamptz not null default clock_timestamp())',
];

/** What makes the table; nothing where it is there. */
export async function outboxStatements(querying: Querying): Promise<readonly string[]> {
  const [row] = await querying.query(`select to_regclass($1)`, [INBOUND_TABLE]);
  return row?.[0] === null || row === undefined ? CREATE : [];
}

/** PostgreSQL by its client. This module is imported only where the store is PostgreSQL: others needn't load it. */
import { Pool, type PoolClient, type PoolConfig } from 'pg';

/** A connection that somebody has taken out of the pool. */
export type Connection = PoolClient;

/** Makes a pool whose connections end quietly: each statement is told of its own connection's end. */
export function openPool(config: PoolConfig): Pool {
  const pool = new Pool({
    ...config,
    // Every value comes as the text that PostgreSQL sends: dates and exact numbers would lose by another form.
    types: { getTypeParser: () => (text: string | Buffer) => String(text) },
  });
  const quietly = (): void => undefined;
  // Without somebody who listens, the end of an idle connection would end the process.
  pool.on('error', quietly);
  pool.on('connect', (client) => client.on('error', quietly));
  return pool;
}

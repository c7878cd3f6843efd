import type { Pool, QueryArrayConfig } from 'pg';
import pLimit from 'p-limit';
import { Circuit } from '../../azure/circuit';
import { StoreUnavailable } from '../../azure/store-unavailable';
import { appIdentity } from '../../azure/deferred-credential';
import { messageOf } from '../../errors/errors';
import type { PostgresConfig } from '../../settings/postgres';
import type { ClockSample } from '../../telemetry/clock-watch';
import type { Log } from '../../telemetry/log';
import { answerOf, isNamesRefused, isOtherSchema, isPoolerUnsaid, PoolerUnsaid, sqlStateOf } from './failures';
import type { Connection } from './pg-client';

/** What a statement answers: values as texts, in the order of its columns. */
export type Row = readonly (string | null)[];

/** Of a parameter. */
export type Parameter = string | number | null | readonly string[];

/** Runs statements. */
export interface Querying {
  query(text: string, parameters?: readonly Parameter[]): Promise<readonly Row[]>;
}

/**
 * A connection is there, and a statement has ended, within 15 s together: LONGEST_WRITE_MS. The server ends a statement itself, so
 * that one whose answer nobody waits for any longer doesn't land later.
 */
const CONNECT_LIMIT_MS = 4_000;
const STATEMENT_LIMIT_MS = 9_000;
const ANSWER_LIMIT_MS = 11_000;

/** Below the lifetime of a token, which is an hour at least; a failover's old addresses go with it, too. */
const CONNECTION_LIFETIME_SECONDS = 3_000;

/** Attempts in a row without an answer after which it isn't asked for a while. */
const FAILURES = 5;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** Statements that the server keeps for each connection, at most; others are parsed each time. */
const MAX_PREPARED = 400;

/** https://learn.microsoft.com/azure/postgresql/security/security-entra-configure */
const TOKEN_SCOPE = 'https://ossrdbms-aad.database.windows.net/.default';

/** A PostgreSQL database: its connections, made when needed, and the circuit that says whether it answers. */
export class Database implements Querying {
  /** Names it over all servers. */
  readonly place: string;
  #pool: Promise<Pool> | undefined;
  readonly #circuit: Circuit;
  readonly #slots;
  readonly #names = new Map<string, string>();
  #prepares: boolean;

  /** @param answered is told the database's clock with each write */
  constructor(
    private readonly config: PostgresConfig,
    private readonly log: Log = () => undefined,
    private readonly answered: (sample: ClockSample) => void = () => undefined,
  ) {
    this.place = `${config.host}:${config.port}/${config.database}`;
    this.#prepares = config.prepared;
    // Nobody waits in the pool's own queue: its time limit is that of making a connection.
    this.#slots = pLimit(config.maxConnections);
    this.#circuit = new Circuit({
      failures: FAILURES,
      firstPauseMs: FIRST_PAUSE_MS,
      longestPauseMs: LONGEST_PAUSE_MS,
      refusal: (nextAtMs, cause) => new StoreUnavailable(this.place, nextAtMs, { cause }),
      onOpened: (_nextAtMs, cause) =>
        log('storeUnavailable', { store: this.place, reason: sqlStateOf(cause) ?? messageOf(cause) }),
      onClosed: (openMs) => log('storeAvailable', { store: this.place, milliseconds: openMs }),
    });
  }

  /**
   * Runs one statement, which is a transaction of its own.
   *
   * @throws StoreUnavailable, or the error of the client
   */
  async query(text: string, parameters: readonly Parameter[] = []): Promise<readonly Row[]> {
    return (await this.queryIf(() => true, text, parameters)) ?? [];
  }

  /**
   * Runs one statement if it is still wanted when a connection is there; undefined if not: nothing was sent.
   *
   * @throws StoreUnavailable, or the error of the client
   */
  async queryIf(
    isWanted: () => boolean,
    text: string,
    parameters: readonly Parameter[],
  ): Promise<readonly Row[] | undefined> {
    return this.#withConnection(async (connection) => {
      if (!isWanted()) return undefined;
      try {
        return await this.#run(connection, text, parameters, this.#prepares);
      } catch (error) {
        if (!this.#prepares || !isNamesRefused(error)) throw error;
        this.#prepares = false;
        this.log('statementsUnnamed', { store: this.place, code: sqlStateOf(error) });
        return this.#run(connection, text, parameters, false);
      }
    });
  }

  /** Runs statements in one transaction. */
  async transaction<T>(work: (querying: Querying) => Promise<T>): Promise<T> {
    return this.#withConnection(async (connection) => {
      const query: Querying['query'] = (text, parameters = []) => this.#run(connection, text, parameters, false);
      await query('begin');
      try {
        const result = await work({ query });
        await query('commit');
        return result;
      } catch (error) {
        // Where the connection is gone, so is the transaction.
        await query('rollback').catch(() => undefined);
        throw error;
      }
    });
  }

  /** Tells the clock of the database, in seconds since 1970, as a write has answered it. */
  tellClock(seconds: number, sentAt: number): void {
    this.answered({ dateMs: seconds * 1000, receivedMs: Date.now(), tookMs: performance.now() - sentAt });
  }

  /** Ends the connections when what runs on them has ended. */
  async close(): Promise<void> {
    await (await this.#pool)?.end();
  }

  #withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#slots(() =>
      this.#circuit.run(async () => {
        const connection = await this.#connect();
        try {
          const result = await work(connection);
          connection.release();
          return result;
        } catch (error) {
          // A connection is as good as before where PostgreSQL has answered; not with plans for another schema, nor when it ends.
          const state = sqlStateOf(error);
          connection.release(state === undefined || isOtherSchema(error) || /^(?:08|57P)/.test(state));
          throw error;
        }
      }, answerOf),
    );
  }

  async #connect(): Promise<Connection> {
    const pool = await (this.#pool ??= this.#open());
    try {
      return await pool.connect();
    } catch (error) {
      throw isPoolerUnsaid(error) ? new PoolerUnsaid(this.place, { cause: error }) : error;
    }
  }

  async #run(
    connection: Connection,
    text: string,
    parameters: readonly Parameter[],
    named: boolean,
  ): Promise<readonly Row[]> {
    const name = named ? this.#nameOf(text) : undefined;
    const query: QueryArrayConfig = {
      text,
      values: [...parameters],
      rowMode: 'array',
      ...(name === undefined ? {} : { name }),
    };
    return (await connection.query<(string | null)[]>(query)).rows;
  }

  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= MAX_PREPARED) return known;
    const name = `dvo${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }

  async #open(): Promise<Pool> {
    const { openPool } = await import('./pg-client.js');
    const { host, port, database, user, password, tls, prepared, maxConnections, clientId } = this.config;
    const credential = password === undefined ? appIdentity(clientId) : undefined;
    return openPool({
      host,
      port,
      database,
      user,
      // Asked for each connection: a token has to be young.
      password: async () => password ?? (await credential?.getToken(TOKEN_SCOPE))?.token ?? '',
      ssl: tls ? { rejectUnauthorized: true, servername: host } : false,
      max: maxConnections,
      maxLifetimeSeconds: CONNECTION_LIFETIME_SECONDS,
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      query_timeout: ANSWER_LIMIT_MS,
      keepAlive: true,
      application_name: 'dataverse-outbound',
      allowExitOnIdle: true,
      ...(prepared ? { statement_timeout: STATEMENT_LIMIT_MS } : {}),
    });
  }
}

import type { Statement } from './postgres-proxy';
import type { StoreRequest } from './store-proxy';

/** What the app does to its storage, as far as it can be told from a request. */
export const STORE_STEPS = {
  'row-insert': 'the first write of a row of which nothing is stored',
  'row-write': 'the compare-and-swap of a row',
  tombstone: 'the write that makes a row a tombstone',
  transaction: 'a transaction or statement on several rows (also of one large row)',
  'event-insert': 'the row of a custom API’s event',
  parked: 'an item is parked',
  'parked-removed': 'a parked item that was processed is removed',
  'parked-postponed': 'a parked item that failed again gets its next due time',
  'pull-state': 'how far a table is pulled: the next page, the delta link',
  'lease-acquired': 'a run takes the lease of its table',
  'lease-released': 'a run gives it back',
  journal: 'a page’s ids are added to the journal of a load',
  checkpoint: 'the checkpoint of a partition of the hub (written by the host)',
} as const;

/** The name of a step. */
export type StoreStep = keyof typeof STORE_STEPS;

/** The step that a request is, in a store whose event tables are these; undefined for any other request. */
export function storeStepOf(request: StoreRequest, eventTables: ReadonlySet<string>): StoreStep | undefined {
  if (request.service === 'blob') return blobStepOf(request);
  const { method, path } = request;
  if (method === 'GET' || path.startsWith('Tables')) return undefined;
  if (path === '$batch') return request.body.includes('/dvoparked(') ? parkedTogether(request.body) : 'transaction';
  const table = /^\w+/.exec(path)?.[0] ?? '';
  switch (table) {
    case 'dvoparked':
      if (method === 'DELETE') return 'parked-removed';
      return 'if-match' in request.headers ? 'parked-postponed' : 'parked';
    case 'dvopull':
      return path.includes("PartitionKey='pull'") ? 'pull-state' : undefined;
    case 'dvodiscarded':
    case 'dvoinbound':
      return undefined;
    default:
  }
  if (eventTables.has(table)) return 'event-insert';
  if (request.body.includes('"Deleted":true')) return 'tombstone';
  return method === 'POST' ? 'row-insert' : 'row-write';
}

/** The step that a statement is, in a database whose event tables are these; undefined for any other statement. */
export function statementStepOf(
  { text, parameters }: Statement,
  eventTables: ReadonlySet<string>,
): StoreStep | undefined {
  const [, verb, table = ''] = /\b(insert into|update) "dvo"\."([^"]+)"/.exec(text) ?? [];
  if (verb === undefined) return undefined;
  if (eventTables.has(table)) return 'event-insert';
  if (text.includes('json_to_recordset')) return 'transaction';
  if (parameters.includes('"gone":true')) return 'tombstone';
  return verb === 'update' ? 'row-write' : 'row-insert';
}

/** An item with the entry of its due time; entries alone are only tidied up. */
function parkedTogether(body: Buffer): StoreStep | undefined {
  if (body.includes('PATCH ')) return 'parked-postponed';
  return body.includes('PUT ') ? 'parked' : undefined;
}

function blobStepOf({ method, path, query, headers }: StoreRequest): StoreStep | undefined {
  if (method !== 'PUT') return undefined;
  const action = headers['x-ms-lease-action'];
  if (path.startsWith('dvo-leases/')) {
    if (action === 'acquire') return 'lease-acquired';
    return action === 'release' ? 'lease-released' : undefined;
  }
  if (path.startsWith('dvo-loads/')) return query.get('comp') === 'appendblock' ? 'journal' : undefined;
  return path.startsWith('azure-webjobs-eventhub/') && path.includes('/checkpoint/') ? 'checkpoint' : undefined;
}

/** What the app does at which it can be killed: to its storage, to the Web API, to the broker. */
export const STEPS = {
  ...STORE_STEPS,
  'read-back': 'a row is read from the Web API',
  page: 'a page of changes is read from the Web API',
  complete: 'a message of a queue or subscription is completed',
} as const;

/** A step of the app. */
export type Step = StoreStep | 'read-back' | 'page' | 'complete';

/** When at a step: the other side has not carried it out, or has and the app doesn't know. */
export const MOMENTS = ['before', 'done-unanswered'] as const;
export type Moment = (typeof MOMENTS)[number];

/** A named point: `row-write:before`. */
export type KillPoint = `${Step}:${Moment}`;

/** All points. */
export const KILL_POINTS: readonly KillPoint[] = (Object.keys(STEPS) as Step[]).flatMap((step) =>
  MOMENTS.map((moment) => `${step}:${moment}` as const),
);

/** Waits for the app to come to a point, and kills it there. One point at a time. */
export class Killer {
  #armed: { readonly point: KillPoint; readonly kill: () => void } | undefined;

  /** Kills the app when it comes to the point next. Resolves when that has happened. */
  at(point: KillPoint, kill: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#armed = {
        point,
        kill: () => {
          kill();
          resolve();
        },
      };
    });
  }

  disarm(): void {
    this.#armed = undefined;
  }

  /** The app has come to a point; true if it is dead now, so that nothing is passed on. */
  meets(step: Step, moment: Moment): boolean {
    if (this.#armed?.point !== `${step}:${moment}`) return false;
    const { kill } = this.#armed;
    this.#armed = undefined;
    kill();
    return true;
  }
}

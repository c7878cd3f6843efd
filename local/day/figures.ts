import { FUNCTION_NAMES, type FunctionName } from '../../shared/settings/functions';
import type { LogRecord } from '../host/log';

/** The ways by which changes reach the store: the names of the app's functions. */
export const PATHS = FUNCTION_NAMES;

/** One way. */
export type Path = FunctionName;

/** Verdicts that changed the store. */
const APPLYING = new Set(['applied', 'merged', 'replaced', 'deleted', 'adopted', 'touched', 'created', 'updated']);

/** The ways into Dataverse; the others lead to the store. */
const INBOUND: readonly Path[] = ['inbound-queue', 'inbound-sql'];

/** Ways on which Dataverse's deliveries come. */
const isPushed = (path: Path): boolean => path !== 'pull-sync' && path !== 'replay-parked' && !INBOUND.includes(path);

/** What happened on one way. */
export interface PathFigures {
  received: number;
  applied: number;
  /** Events that were stored: messages that are no change of rows. */
  events: number;
  duplicate: number;
  stale: number;
  contained: number;
  readBack: number;
  parked: number;
  rejected: number;
  /** What the mapping says to ignore. */
  ignored: number;
  healed: number;
  /** Every verdict by its own name. */
  readonly verdicts: Record<string, number>;
  /** From the operation in Dataverse to the end of its handling, milliseconds, one for each delivery. */
  readonly lagMs: number[];
}

/** A value, or a deletion (no column), that the app gave up for the other side's. */
export interface LostValue {
  readonly row: string;
  readonly message: string;
  readonly column: string;
  readonly loser: 'lob' | 'dataverse';
  /** `deleted`: of a row that was deleted. */
  readonly why: string;
}

/** How a pull run ended: for waiting until every table was pulled. */
export interface PullRun {
  readonly table: string;
  readonly mode: string;
  /** It went on where an earlier run had ended: it is complete only up to that one's begin. */
  readonly resumed: boolean;
  readonly failed: boolean;
  /** When it began, milliseconds since 1970, as told by its end and its length. */
  readonly begunAt: number;
}

/** Counts what the app says of itself in its log; it is asked nothing else. */
export class Figures {
  readonly paths = new Map<Path, PathFigures>(PATHS.map((path) => [path, emptyFigures()]));
  /** Records that say something went wrong, for showing. */
  readonly problems: string[] = [];
  /** What the pull healed, by table or relationship: a push that was misunderstood shows here alone, since the store is right again. */
  readonly healedOf = new Map<string, number>();
  /** What was given up for the other side. */
  readonly lost: LostValue[] = [];
  /** How often values of the LOB system were found changed, to be put back. */
  restorings = 0;
  readonly #pullListeners = new Set<(run: PullRun) => void>();

  /** Takes one record of the host's output. */
  take({ level, message }: LogRecord): void {
    const [event, json] = splitOnce(message);
    const fields = parse(json);
    if (fields === undefined) {
      if (level === 'error' || level === 'critical') this.problems.push(message);
      return;
    }
    switch (event) {
      case 'processed':
        this.#processed(fields);
        break;
      case 'parked':
      case 'rejected':
        this.#count(String(fields.source), event);
        if (fields.code !== 'unconfirmed') this.problems.push(message);
        break;
      case 'ignored':
        this.#ignored(fields);
        break;
      case 'pulled':
        this.#pulled(fields);
        break;
      case 'replayed':
        this.#of('replay-parked').received += number(fields.processed);
        this.#of('replay-parked').readBack += number(fields.processed);
        break;
      case 'inboundLost':
        this.#lost(fields);
        break;
      case 'inboundRestoring':
        this.restorings += 1;
        break;
      case 'pullFailed':
        this.problems.push(message);
        for (const tell of this.#pullListeners)
          tell({ table: String(fields.table), mode: 'failed', resumed: false, failed: true, begunAt: 0 });
        break;
      default:
        if (level === 'error' || level === 'critical') this.problems.push(message);
    }
  }

  /** Calls back for every pull run that ends; the function returned ends that. */
  onPull(listener: (run: PullRun) => void): () => void {
    this.#pullListeners.add(listener);
    return () => this.#pullListeners.delete(listener);
  }

  /** The sum of a figure over all ways. */
  total(of: 'events' | 'ignored'): number {
    return [...this.paths.values()].reduce((sum, figures) => sum + figures[of], 0);
  }

  /** Deliveries that the app has answered for, on all pushed ways. */
  get pushesHandled(): number {
    return PATHS.filter(isPushed).reduce((sum, path) => {
      const { received, rejected } = this.#of(path);
      return sum + received + rejected;
    }, 0);
  }

  /** Changes of the store's data. */
  get stored(): number {
    return [...this.paths].reduce((sum, [path, { applied, verdicts }]) => {
      const { touched = 0, adopted = 0 } = verdicts;
      return INBOUND.includes(path) ? sum : sum + applied - touched - adopted;
    }, 0);
  }

  /** The ways that are shown: of those into Dataverse the ones that brought something. */
  get shown(): readonly (readonly [Path, PathFigures])[] {
    return [...this.paths].filter(([path, { received }]) => !INBOUND.includes(path) || received > 0);
  }

  #of(path: Path): PathFigures {
    const figures = this.paths.get(path);
    if (figures === undefined) throw new Error(`No such path: ${path}`);
    return figures;
  }

  #count(source: string, what: 'parked' | 'rejected'): void {
    const figures = this.paths.get(source as Path);
    if (figures === undefined) return;
    figures[what] += 1;
    if (what === 'parked') figures.received += 1;
  }

  #lost({ row, message, lost }: Record<string, unknown>): void {
    const of = { row: String(row), message: String(message) };
    for (const { column, loser, why } of lost as readonly Omit<LostValue, 'row' | 'message'>[])
      this.lost.push({ ...of, column, loser, why });
  }

  #ignored(fields: Record<string, unknown>): void {
    const figures = this.paths.get(fields.source as Path);
    if (figures === undefined) return;
    const count = Object.values((fields.codes ?? {}) as Record<string, number>).reduce((sum, each) => sum + each, 0);
    figures.received += count;
    figures.ignored += count;
  }

  #processed(fields: Record<string, unknown>): void {
    const figures = this.paths.get(fields.source as Path);
    if (figures === undefined) return;
    figures.received += number(fields.received);
    addVerdicts(figures, fields.verdicts);
    if (Array.isArray(fields.lagMs)) figures.lagMs.push(...fields.lagMs.map(Number));
  }

  #pulled(fields: Record<string, unknown>): void {
    const figures = this.#of('pull-sync');
    figures.received += number(fields.rows) + number(fields.deletes);
    figures.healed += number(fields.healed);
    const table = String(fields.table);
    this.healedOf.set(table, (this.healedOf.get(table) ?? 0) + number(fields.healed));
    figures.parked += number(fields.parked);
    addVerdicts(figures, fields.verdicts);
    for (const tell of this.#pullListeners)
      tell({
        table,
        mode: String(fields.mode),
        resumed: fields.resumed === true,
        failed: false,
        begunAt: Date.now() - number(fields.milliseconds),
      });
  }
}

const emptyFigures = (): PathFigures => ({
  received: 0,
  applied: 0,
  events: 0,
  duplicate: 0,
  stale: 0,
  contained: 0,
  readBack: 0,
  parked: 0,
  rejected: 0,
  ignored: 0,
  healed: 0,
  verdicts: {},
  lagMs: [],
});

function addVerdicts(figures: PathFigures, verdicts: unknown): void {
  for (const [verdict, count] of Object.entries((verdicts ?? {}) as Record<string, number>)) {
    figures.verdicts[verdict] = (figures.verdicts[verdict] ?? 0) + count;
    if (APPLYING.has(verdict)) figures.applied += count;
    else if (verdict === 'stored') figures.events += count;
    else if (verdict === 'duplicate' || verdict === 'stale' || verdict === 'contained' || verdict === 'readBack')
      figures[verdict] += count;
  }
}

/** The value below which a share of the numbers lies; undefined without numbers. */
export function percentile(numbers: readonly number[], share: number): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function splitOnce(message: string): [string, string] {
  const blank = message.indexOf(' ');
  return blank < 0 ? [message, ''] : [message.slice(0, blank), message.slice(blank + 1)];
}

function parse(json: string | undefined): Record<string, unknown> | undefined {
  if (json?.startsWith('{') !== true) return undefined;
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

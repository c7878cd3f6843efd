/**
 * Dataverse for the tests of the writer: rows by key and id, versions, conditions, and whoever changes a row in between. It can
 * be made to wait, to lose an answer, or to refuse.
 */
import type { CurrentRow } from '../../shared/inbound/decide';
import { etagOf, type InboundRows, type RowAnswer, type RowRequest } from '../../shared/inbound/inbound-rows';
import { textOfKey } from '../../shared/inbound/lob-value';

interface Row {
  readonly id: string;
  key: string | undefined;
  version: bigint;
  modifiedOn: number;
  texts: Map<string, string>;
}

const idOf = (n: number): string => `${n.toString(16).padStart(8, '0')}-0000-4000-8000-000000000001`;

export class SimulatedRows implements InboundRows {
  readonly rows: Row[] = [];
  /** Every request, in words: `update account =3 name`. */
  readonly sent: string[] = [];
  /** Runs before a request is carried out; what it returns is the answer instead. */
  before: (request: RowRequest) => RowAnswer | undefined | Promise<RowAnswer | undefined> = () => undefined;
  /** Runs after it was; what it throws is the answer that nobody gets. */
  after: (request: RowRequest) => void | Promise<void> = () => undefined;
  /** What Dataverse makes of a value. */
  normalize: (column: string, text: string) => string = (_column, text) => text;
  /** What Dataverse gives a row that is made. */
  defaults: Readonly<Record<string, string>> = {};
  /** In whole seconds. */
  now = 1000;
  /** The id of the next row that is made, such as that of one that was deleted. */
  nextId: string | undefined;
  #versions = 10n;
  #ids = 0;

  send(requests: readonly RowRequest[]): Promise<readonly RowAnswer[]> {
    return Promise.all(
      requests.map(async (request): Promise<RowAnswer> => {
        try {
          const answer = (await this.before(request)) ?? this.#carryOut(request);
          await this.after(request);
          return answer;
        } catch (error) {
          return { kind: 'failed', error };
        }
      }),
    );
  }

  /** A user of Dataverse makes a row. */
  create(texts: Readonly<Record<string, string>>, key?: string): Row {
    const row: Row = {
      ...{ id: this.nextId ?? idOf((this.#ids += 1)), version: (this.#versions += 1n), modifiedOn: this.now },
      ...{
        key: key === undefined ? undefined : `new_lobid="${key.toLowerCase()}"`,
        texts: new Map(Object.entries(texts)),
      },
    };
    this.nextId = undefined;
    this.rows.push(row);
    return row;
  }

  /** A user of Dataverse changes a row. */
  update(row: Row, texts: Readonly<Record<string, string>>): void {
    for (const [column, text] of Object.entries(texts)) row.texts.set(column, text);
    row.version = this.#versions += 1n;
    row.modifiedOn = this.now;
  }

  delete(row: Row): void {
    this.rows.splice(this.rows.indexOf(row), 1);
  }

  #carryOut({ row: name, action, table }: RowRequest): RowAnswer {
    const key = name.key && textOfKey(name.key);
    const found = this.rows.find((row) => (key === undefined ? row.id === name.id : row.key === key));
    const condition = 'condition' in action ? ` ${action.condition === 'any' ? '*' : etagOf(action.condition)}` : '';
    const columns = 'texts' in action ? action.texts : undefined;
    this.sent.push(`${action.kind}${condition} ${[...(columns?.keys() ?? [])].join()}`.trim());
    if (action.kind === 'create') {
      if (found !== undefined) return { kind: 'taken', what: 'A record with matching key values already exists.' };
      const made = this.create(this.defaults, undefined);
      made.key = key;
      this.#give(made, action.texts);
      return this.#answer(made, action.columns);
    }
    if (found === undefined) return { kind: 'missing', what: `${table.definition.table} does not exist` };
    if (action.kind === 'read') return this.#answer(found, action.columns);
    if (action.condition !== 'any' && action.condition !== found.version) return { kind: 'stale' };
    if (action.kind === 'delete') {
      this.delete(found);
      return { kind: 'deleted' };
    }
    this.#give(found, action.texts);
    return this.#answer(found, action.columns);
  }

  #give(row: Row, texts: ReadonlyMap<string, string>): void {
    this.update(row, Object.fromEntries([...texts].map(([column, text]) => [column, this.normalize(column, text)])));
  }

  #answer({ id, version, modifiedOn, texts }: Row, columns: readonly string[]): CurrentRow {
    return {
      ...{ kind: 'row', id, version, modifiedOn },
      texts: new Map(columns.map((column) => [column, texts.get(column) ?? 'null'])),
    };
  }
}

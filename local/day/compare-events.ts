/** Every call of a custom API that was delivered is in its event table once, with its parameters; nothing else is. */
import type { Parameter } from '../dataverse/events/event';
import type { Dataverse } from '../dataverse/simulator';
import type { Reference } from '../dataverse/rows/value';
import { differingProperties, entitiesOf, type Differences, type Entity, type Properties } from './store-entities';
import type { ApiCall } from './workload';
import type { TableMapping, Mapping } from './mapping';

/** The result for the events of one message. */
export interface EventCheck {
  readonly message: string;
  /** Its table in the store. */
  readonly target: string;
  readonly calls: number;
  /** Calls that may be missing, since their post was dropped or failed: there is no pull for events. */
  readonly unsent: number;
  readonly stored: number;
  readonly missing: number;
  readonly doubled: number;
  readonly surplus: number;
  readonly different: number;
}

/** Compares the event tables of all messages that the mapping names. */
export async function compareEvents(
  dataverse: Dataverse,
  place: string,
  mapping: Mapping,
  calls: readonly ApiCall[],
  differences: Differences,
): Promise<{ readonly events: readonly EventCheck[]; readonly columnsCompared: number }> {
  const sent = new Set(
    dataverse.jobs().flatMap(({ status, correlationId }) => (status === 'succeeded' ? [correlationId] : [])),
  );
  const events: EventCheck[] = [];
  let columnsCompared = 0;
  for (const [message, table] of mapping.events) {
    const entities = await entitiesOf(place, table.target);
    const byCall = Map.groupBy(entities, ({ CorrelationId }) => String(CorrelationId));
    const counts = { calls: 0, unsent: 0, missing: 0, doubled: 0, surplus: 0, different: 0 };
    const note = (kind: 'missing' | 'doubled' | 'surplus' | 'different', id: string, what: string): void => {
      counts[kind] += 1;
      differences.note(message, id, what);
    };
    for (const call of calls.filter(({ api }) => api === message)) {
      const id = call.correlationId;
      const [event, ...more] = byCall.get(id) ?? [];
      byCall.delete(id);
      counts.calls += 1;
      if (!sent.has(id)) counts.unsent += 1;
      if (more.length > 0) note('doubled', id, `the event is stored ${more.length + 1} times`);
      if (event === undefined) {
        if (sent.has(id)) note('missing', id, 'the event is missing in the store');
        continue;
      }
      const expected = expectedEvent(call, table);
      columnsCompared += expected.size;
      const wrong = [...differingProperties(expected, event, UNCOMPARED), ...misplaced(event)];
      if (wrong.length > 0) note('different', id, wrong.map((name) => `property ${name} differs`).join(', '));
    }
    for (const id of byCall.keys()) note('surplus', id, 'the event is in the store, but there was no such call');
    events.push({ message, target: table.target, stored: entities.length, ...counts });
  }
  return { events, columnsCompared };
}

/** Facts that the caller doesn't know. */
const UNCOMPARED = new Set(['OccurredAt', 'Source', 'OperationId']);

/** Events lie by day and by time. */
function misplaced({ partitionKey, rowKey, OccurredAt }: Entity): string[] {
  const time = OccurredAt instanceof Date ? OccurredAt.toISOString() : '';
  const placed = time !== '' && partitionKey === time.slice(0, 10) && String(rowKey).startsWith(`${time}_`);
  return placed ? [] : ['RowKey'];
}

function expectedEvent(call: ApiCall, mapping: TableMapping): Properties {
  const { api, correlationId, user, target, tag, input, output } = call;
  const expected = new Map<string, unknown>([
    ['Message', api],
    ['Committed', true],
    ['Truncated', false],
    ['CorrelationId', correlationId],
    ['UserId', user],
    ['InitiatingUserId', user],
    ['Depth', 1],
  ]);
  if (target !== undefined) expected.set('Table', target.table).set('RowId', target.id);
  const parameters: readonly (readonly [string, unknown])[] = [
    ...(target === undefined ? [] : [['input.Target', target] as const]),
    ...Object.entries(input).map(([name, value]) => [`input.${name}`, value] as const),
    ...output.map((parameter) => [`output.${parameter.name}`, outputValue(parameter)] as const),
    ['variable.tag', tag],
  ];
  for (const [name, value] of parameters) {
    const column = mapping.column(name);
    if (column === undefined || value === null) continue;
    const to = column.name ?? name.replace('.', '_');
    if (isReference(value)) expected.set(to, value.id).set(`${to}Table`, value.table);
    else if (column.isInteger === true) expected.set(to, value);
    else expected.set(to, column.redact === undefined ? plain(value) : column.redact(textIn(name, value)));
  }
  return expected;
}

const isReference = (value: unknown): value is Reference =>
  typeof value === 'object' && value !== null && 'table' in value && 'id' in value;

/** The text that is redacted: the day redacts nothing but texts. */
function textIn(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Error(`The check can't tell how parameter ${name} is redacted.`);
}

/** Without metadata a number is text in its exact digits; a list is JSON. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  if (Array.isArray(value)) return JSON.stringify(value);
  return typeof value === 'boolean' ? value : String(value);
}

function outputValue({ name, value }: Parameter): unknown {
  if ('text' in value) return value.text;
  if ('flag' in value) return value.flag;
  throw new Error(`The check can't tell how output parameter ${name} of kind ${value.kind} is stored.`);
}

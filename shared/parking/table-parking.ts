import { odata, type TableClient, type TableEntity } from '@azure/data-tables';
import { createHash } from 'node:crypto';
import { findEntity, statusOf, withTable } from '../azure/tables';
import type { RowAddress } from '../change/row-change';
import type {
  KeptDelivery,
  ParkCause,
  ParkedFilter,
  ParkedItem,
  ParkedSubject,
  ParkedSummary,
  Parking,
} from './parking';

const PARTITION = 'parked';
/** A binary property holds 64 KiB; an entity 1 MiB, as base64 where Azurite counts: enough for MAX_PARKED_BYTES. */
const PART_BYTES = 64 * 1024;
/** An item without a due time sorts behind all that have one. */
const NEVER = new Date('9999-01-01T00:00:00Z');
/** All properties but the body. */
const SUMMARY = ['RowKey', 'kind', 'source', 'table', 'bytes', 'code', 'message', 'attempts', 'parkedAt', 'dueAt'];

/** Parking in an Azure table: one entity per subject, so that parking a delivery again doesn't double it. */
export class TableParking implements Parking {
  constructor(
    private readonly client: TableClient,
    private readonly now: () => number = Date.now,
  ) {}

  async parkDelivery(delivery: KeptDelivery, cause: ParkCause, dueAtMs?: number): Promise<void> {
    const hash = createHash('sha256')
      .update(delivery.source)
      .update('\0')
      .update(delivery.body)
      .digest('hex')
      .slice(0, 32);
    await this.#park(`delivery-${hash}`, { kind: 'delivery', delivery }, cause, dueAtMs);
  }

  async parkRow(row: RowAddress, cause: ParkCause, dueAtMs?: number): Promise<void> {
    await this.#park(`row-${row.table}-${row.id}`, { kind: 'row', row }, cause, dueAtMs);
  }

  async #park(rowKey: string, subject: ParkedSubject, cause: ParkCause, dueAtMs: number | undefined): Promise<void> {
    const entity: TableEntity = {
      partitionKey: PARTITION,
      rowKey,
      ...properties(subject),
      ...causeProperties(cause, dueAtMs),
      attempts: 0,
      parkedAt: new Date(this.now()),
    };
    await withTable(this.client, () => this.client.upsertEntity(entity, 'Replace'));
  }

  async due(nowMs: number, limit: number): Promise<readonly ParkedItem[]> {
    const ids = await this.#ids(odata`PartitionKey eq ${PARTITION} and dueAt le ${new Date(nowMs)}`);
    const items = await Promise.all(ids.slice(0, limit).map((id) => this.find(id)));
    return items.filter((item) => item !== undefined);
  }

  async *list(): AsyncIterable<ParkedItem> {
    for (const id of await this.#ids(odata`PartitionKey eq ${PARTITION}`)) {
      const item = await this.find(id);
      if (item !== undefined) yield item;
    }
  }

  /** Items without their bodies, by id, page by page: however many there are, few are in memory. */
  summaries(filter: ParkedFilter = {}): AsyncIterable<ParkedSummary> {
    return this.#summaries(conditionsOf(filter));
  }

  /** Those whose id begins so, by id: one that is exactly it comes first. */
  startingWith(beginning: string): AsyncIterable<ParkedSummary> {
    const end = beginning.slice(0, -1) + String.fromCharCode(beginning.charCodeAt(beginning.length - 1) + 1);
    return this.#summaries([odata`RowKey ge ${beginning}`, odata`RowKey lt ${end}`]);
  }

  async *#summaries(conditions: readonly string[]): AsyncIterable<ParkedSummary> {
    const filter = [odata`PartitionKey eq ${PARTITION}`, ...conditions].join(' and ');
    try {
      for await (const entity of this.client.listEntities({ queryOptions: { filter, select: SUMMARY } }))
        yield summaryFrom(entity);
    } catch (error) {
      // Nothing was ever parked.
      if (statusOf(error) !== 404) throw error;
    }
  }

  /** Ids, oldest first; without the bodies, of which there may be more than fits into memory. */
  async #ids(filter: string): Promise<readonly string[]> {
    const found: { readonly id: string; readonly parkedAt: number }[] = [];
    try {
      const entities = this.client.listEntities({ queryOptions: { filter, select: ['RowKey', 'parkedAt'] } });
      for await (const entity of entities)
        found.push({ id: String(entity.rowKey), parkedAt: (entity.parkedAt as Date).getTime() });
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
    return found.sort((a, b) => a.parkedAt - b.parkedAt).map(({ id }) => id);
  }

  /** An item by its id, with its body; undefined where there is none (any more). */
  async find(id: string): Promise<ParkedItem | undefined> {
    const entity = await findEntity(this.client, PARTITION, id);
    return entity && itemFrom(entity);
  }

  async settle(item: ParkedItem): Promise<void> {
    try {
      await this.client.deleteEntity(PARTITION, item.id, onlyAs(item));
    } catch (error) {
      // 404: settled by someone else. 412: parked again, so it stays.
      if (statusOf(error) !== 404 && statusOf(error) !== 412) throw error;
    }
  }

  async postpone(item: ParkedItem, cause: ParkCause, dueAtMs?: number): Promise<void> {
    const changed = {
      partitionKey: PARTITION,
      rowKey: item.id,
      ...causeProperties(cause, dueAtMs),
      attempts: item.attempts + 1,
    };
    try {
      await this.client.updateEntity(changed, 'Merge', onlyAs(item));
    } catch (error) {
      // 404: settled by someone else. 412: parked again, or tried by someone else, whose cause is the newer one.
      if (statusOf(error) !== 404 && statusOf(error) !== 412) throw error;
    }
  }

  /**
   * Moves an item, body and all, to the table of what was discarded, with the reason.
   *
   * @returns false where it was settled or parked again since it was read: then it is not discarded
   */
  async discard(item: ParkedItem, reason: string, discarded: TableClient): Promise<boolean> {
    const entity = await findEntity(this.client, PARTITION, item.id);
    if (entity === undefined || (item.tag !== undefined && entity.etag !== item.tag)) return false;
    const at = new Date(this.now());
    // Ids come again, when the same is parked again: each discarding is kept.
    const kept = { ...ownProperties(entity), partitionKey: item.id, rowKey: at.toISOString(), reason, discardedAt: at };
    await withTable(discarded, () => discarded.upsertEntity(kept, 'Replace'));
    try {
      await this.client.deleteEntity(PARTITION, item.id, { etag: String(entity.etag) });
      return true;
    } catch (error) {
      if (statusOf(error) !== 404 && statusOf(error) !== 412) throw error;
      await discarded.deleteEntity(kept.partitionKey, kept.rowKey);
      return false;
    }
  }
}

/** Has a write succeed only while the item is as it was read. */
const onlyAs = ({ tag }: ParkedItem): { readonly etag?: string } => (tag === undefined ? {} : { etag: tag });

/** An entity's properties, as they are written again. */
const ownProperties = (entity: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(entity).filter(([name]) => !['etag', 'timestamp'].includes(name) && !name.startsWith('odata.')),
  );

function conditionsOf({ code, source, parkedUntilMs, next }: ParkedFilter): readonly string[] {
  return [
    ...(code === undefined ? [] : [odata`code eq ${code}`]),
    ...(source === undefined ? [] : [odata`source eq ${source}`]),
    ...(parkedUntilMs === undefined ? [] : [odata`parkedAt le ${new Date(parkedUntilMs)}`]),
    ...(next === undefined ? [] : [next === 'due' ? odata`dueAt lt ${NEVER}` : odata`dueAt eq ${NEVER}`]),
  ];
}

const causeProperties = ({ code, message }: ParkCause, dueAtMs: number | undefined) => ({
  code,
  message: message.slice(0, 2000),
  dueAt: dueAtMs === undefined ? NEVER : new Date(dueAtMs),
});

function properties(subject: ParkedSubject): Record<string, unknown> {
  if (subject.kind === 'row') return { kind: 'row', table: subject.row.table, rowId: subject.row.id };
  const { source, body, contentType, truncated, arrivedAtMs } = subject.delivery;
  const entity: Record<string, unknown> = { kind: 'delivery', source, bytes: body.byteLength };
  if (contentType !== undefined) entity.contentType = contentType;
  if (truncated === true) entity.truncated = true;
  if (arrivedAtMs !== undefined) entity.arrivedAt = new Date(arrivedAtMs);
  for (let part = 0; part * PART_BYTES < body.byteLength; part += 1) {
    entity[`body${part}`] = body.slice(part * PART_BYTES, (part + 1) * PART_BYTES);
  }
  return entity;
}

const itemFrom = (entity: Record<string, unknown>): ParkedItem => ({
  ...factsFrom(entity),
  subject: subjectFrom(entity),
  ...(typeof entity.etag === 'string' ? { tag: entity.etag } : {}),
});

const summaryFrom = (entity: Record<string, unknown>): ParkedSummary => ({
  ...factsFrom(entity),
  ...(entity.kind === 'row'
    ? { kind: 'row', of: String(entity.table) }
    : { kind: 'delivery', of: String(entity.source), bytes: Number(entity.bytes) }),
});

function factsFrom(entity: Record<string, unknown>): Omit<ParkedItem, 'subject' | 'tag'> {
  const dueAt = (entity.dueAt as Date).getTime();
  return {
    id: String(entity.rowKey),
    cause: { code: String(entity.code), message: String(entity.message) },
    attempts: Number(entity.attempts),
    parkedAtMs: (entity.parkedAt as Date).getTime(),
    ...(dueAt === NEVER.getTime() ? {} : { dueAtMs: dueAt }),
  };
}

function subjectFrom(entity: Record<string, unknown>): ParkedSubject {
  if (entity.kind === 'row') return { kind: 'row', row: { table: String(entity.table), id: String(entity.rowId) } };
  const parts: Uint8Array[] = [];
  for (let part = entity.body0, next = 1; part instanceof Uint8Array; part = entity[`body${next}`], next += 1)
    parts.push(part);
  return {
    kind: 'delivery',
    delivery: {
      source: String(entity.source),
      body: Buffer.concat(parts),
      ...(typeof entity.contentType === 'string' ? { contentType: entity.contentType } : {}),
      ...(entity.truncated === true ? { truncated: true } : {}),
      // It was parked when it came, where nothing else is known.
      arrivedAtMs: ((entity.arrivedAt ?? entity.parkedAt) as Date).getTime(),
    },
  };
}

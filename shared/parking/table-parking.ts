import { odata, type TableClient, type TableEntity } from '@azure/data-tables';
import { createHash } from 'node:crypto';
import { findEntity, statusOf, withTable } from '../azure/tables';
import type { RowAddress } from '../change/row-change';
import type { KeptDelivery, ParkCause, ParkedItem, ParkedSubject, Parking } from './parking';

const PARTITION = 'parked';
/** A binary property holds 64 KiB; an entity 1 MiB, as base64 where Azurite counts: enough for MAX_PARKED_BYTES. */
const PART_BYTES = 64 * 1024;
/** An item without a due time sorts behind all that have one. */
const NEVER = new Date('9999-01-01T00:00:00Z');

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
    const items = await Promise.all(ids.slice(0, limit).map((id) => this.#item(id)));
    return items.filter((item) => item !== undefined);
  }

  async *list(): AsyncIterable<ParkedItem> {
    for (const id of await this.#ids(odata`PartitionKey eq ${PARTITION}`)) {
      const item = await this.#item(id);
      if (item !== undefined) yield item;
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

  async #item(id: string): Promise<ParkedItem | undefined> {
    const entity = await findEntity(this.client, PARTITION, id);
    return entity && itemFrom(entity);
  }

  async settle(item: ParkedItem): Promise<void> {
    try {
      await this.client.deleteEntity(PARTITION, item.id, item.tag === undefined ? {} : { etag: item.tag });
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
      await this.client.updateEntity(changed, 'Merge');
    } catch (error) {
      // Settled by someone else meanwhile.
      if (statusOf(error) !== 404) throw error;
    }
  }
}

const causeProperties = ({ code, message }: ParkCause, dueAtMs: number | undefined) => ({
  code,
  message: message.slice(0, 2000),
  dueAt: dueAtMs === undefined ? NEVER : new Date(dueAtMs),
});

function properties(subject: ParkedSubject): Record<string, unknown> {
  if (subject.kind === 'row') return { kind: 'row', table: subject.row.table, rowId: subject.row.id };
  const { source, body, contentType, truncated } = subject.delivery;
  const entity: Record<string, unknown> = { kind: 'delivery', source, bytes: body.byteLength };
  if (contentType !== undefined) entity.contentType = contentType;
  if (truncated === true) entity.truncated = true;
  for (let part = 0; part * PART_BYTES < body.byteLength; part += 1) {
    entity[`body${part}`] = body.slice(part * PART_BYTES, (part + 1) * PART_BYTES);
  }
  return entity;
}

function itemFrom(entity: Record<string, unknown>): ParkedItem {
  const dueAt = (entity.dueAt as Date).getTime();
  return {
    id: String(entity.rowKey),
    subject: subjectFrom(entity),
    cause: { code: String(entity.code), message: String(entity.message) },
    attempts: Number(entity.attempts),
    parkedAtMs: (entity.parkedAt as Date).getTime(),
    ...(dueAt === NEVER.getTime() ? {} : { dueAtMs: dueAt }),
    ...(typeof entity.etag === 'string' ? { tag: entity.etag } : {}),
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
    },
  };
}

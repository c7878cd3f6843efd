import { odata, type TableClient, type TableEntity } from '@azure/data-tables';
import { createHash } from 'node:crypto';
import { statusOf, withTable } from '../azure/tables';
import type { RowAddress } from '../change/row-change';
import type { KeptDelivery, ParkCause, ParkedItem, ParkedSubject, Parking } from './parking';

const PARTITION = 'parked';
/** A binary property holds 64 KiB; an entity 1 MiB, which bounds the body (see MAX_PARKED_BYTES). */
const PART_BYTES = 64 * 1024;
/** An item without a due time sorts behind all that have one. */
const NEVER = new Date('9999-01-01T00:00:00Z');

/** Largest body that parking can hold, in bytes: well above what Dataverse sends (256 KB at most). */
export const MAX_PARKED_BYTES = 14 * PART_BYTES;

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
    const items: ParkedItem[] = [];
    for await (const item of this.#query(odata`PartitionKey eq ${PARTITION} and dueAt le ${new Date(nowMs)}`))
      items.push(item);
    return items.sort((a, b) => a.parkedAtMs - b.parkedAtMs).slice(0, limit);
  }

  async *list(): AsyncIterable<ParkedItem> {
    yield* this.#query(odata`PartitionKey eq ${PARTITION}`);
  }

  async *#query(filter: string): AsyncGenerator<ParkedItem> {
    try {
      for await (const entity of this.client.listEntities({ queryOptions: { filter } })) yield itemFrom(entity);
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
  }

  async settle(item: ParkedItem): Promise<void> {
    try {
      await this.client.deleteEntity(PARTITION, item.id);
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
  }

  async postpone(item: ParkedItem, cause: ParkCause, dueAtMs?: number): Promise<void> {
    const changed = {
      partitionKey: PARTITION,
      rowKey: item.id,
      ...causeProperties(cause, dueAtMs),
      attempts: item.attempts + 1,
    };
    await this.client.updateEntity(changed, 'Merge');
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

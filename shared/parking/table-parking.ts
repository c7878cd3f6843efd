import { odata, type TableClient, type TableEntity, type TransactionAction } from '@azure/data-tables';
import { createHash, randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import { findEntity, statusOf, withTable } from '../azure/tables';
import type { RowAddress } from '../change/row-change';
import type { LargeBodies } from './large-bodies';
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
/** A binary property holds 64 KiB; an entity 1 MiB, as base64 where Azurite counts. */
const PART_BYTES = 64 * 1024;
/** A larger body lies in a blob. */
const INLINE_BYTES = 10 * PART_BYTES;
/** An item without a due time sorts behind all that have one. */
const NEVER = new Date('9999-01-01T00:00:00Z');
/** Begins the keys of the entries of due items; all ids come before it. */
const DUE = '~';
/** Operations that a transaction takes. */
const MAX_OPERATIONS = 100;
/** Bodies that are made ready and sent at once: a hub's whole batch may have to be parked, and each takes time and memory. */
const CONCURRENCY = 16;
/** Others are hardly ever at the same item. */
const MAX_ROUNDS = 10;
/** All properties but the body. */
const SUMMARY = [
  ...['RowKey', 'kind', 'source', 'table', 'rowId', 'bytes', 'contentType', 'truncated', 'arrivedAt'],
  ...['code', 'message', 'attempts', 'parkedAt', 'dueAt'],
];

/** An item as it lies in the table. */
export interface TableItem extends ParkedItem {
  /** RowKey of its entry among the due ones. */
  readonly dueKey?: string;
  /** Name of the blob that its body is in. */
  readonly blob?: string;
}

/**
 * Parking in an Azure table, in one partition: an entity for each subject, so that parking a delivery again doesn't double it;
 * and for each one with a due time an entry, whose key begins with that time, so that due items are found by a range of
 * keys. Item and entry are written in one transaction. Every write of an item names a new entry; an older one that was left
 * is known by the item's not naming it, and goes when it is met.
 */
export class TableParking implements Parking {
  readonly #underWay = pLimit(CONCURRENCY);

  constructor(
    private readonly client: TableClient,
    private readonly bodies: LargeBodies,
    private readonly now: () => number = Date.now,
  ) {}

  /** A body that is too large for an entity is tried again by operators only: it may have as many bytes as a message can. */
  async parkDelivery(delivery: KeptDelivery, cause: ParkCause, dueAtMs?: number): Promise<void> {
    const { source, body } = delivery;
    const hash = createHash('sha256').update(source).update('\0').update(body).digest('hex').slice(0, 32);
    const id = `delivery-${hash}`;
    const subject = { kind: 'delivery', delivery } as const;
    await this.#underWay(() =>
      body.byteLength > INLINE_BYTES ? this.#parkLarge(id, subject, cause) : this.#park(id, subject, cause, dueAtMs),
    );
  }

  async parkRow(row: RowAddress, cause: ParkCause, dueAtMs?: number): Promise<void> {
    await this.#park(`row-${row.table}-${row.id}`, { kind: 'row', row }, cause, dueAtMs);
  }

  async #park(id: string, subject: ParkedSubject, cause: ParkCause, dueAtMs: number | undefined): Promise<void> {
    const entry = entryOf(id, dueAtMs);
    const parts = subject.kind === 'delivery' ? bodyParts(subject.delivery.body) : {};
    const entity = { ...this.#newItem(id, subject, cause), ...dueProperties(dueAtMs, entry), ...parts };
    await withTable(this.client, async () => {
      if (entry === undefined) await this.client.upsertEntity(entity, 'Replace');
      else
        await this.client.submitTransaction([
          ['upsert', entity, 'Replace'],
          ['upsert', entry, 'Replace'],
        ]);
    });
  }

  /** The blob comes before the entity that names it; one that no entity names was left by a death in between. */
  async #parkLarge(id: string, subject: ParkedSubject & { kind: 'delivery' }, cause: ParkCause): Promise<void> {
    const blob = `${id}/${randomUUID()}`;
    await this.bodies.write(blob, subject.delivery.body);
    const replaced = await this.#replace({ ...this.#newItem(id, subject, cause), ...dueProperties(undefined), blob });
    // Nobody reads it any more; parked is parked, whether or not it goes.
    if (replaced !== undefined && replaced !== blob) await this.bodies.remove(replaced).catch(() => undefined);
  }

  /** Replaces an item by this one. @returns the blob of the one that was there */
  async #replace(entity: TableEntity): Promise<string | undefined> {
    for (let round = 1; ; round += 1) {
      const before = await findEntity(this.client, PARTITION, entity.rowKey);
      try {
        if (before === undefined) await withTable(this.client, () => this.client.createEntity(entity));
        else await this.client.updateEntity(entity, 'Replace', { etag: String(before.etag) });
        return typeof before?.blob === 'string' ? before.blob : undefined;
      } catch (error) {
        // It was processed or parked meanwhile.
        if (round === MAX_ROUNDS || ![404, 409, 412].includes(statusOf(error) ?? 0)) throw error;
      }
    }
  }

  #newItem(id: string, subject: ParkedSubject, cause: ParkCause): TableEntity {
    return {
      ...{ partitionKey: PARTITION, rowKey: id, attempts: 0, parkedAt: new Date(this.now()) },
      ...properties(subject),
      ...causeProperties(cause),
    };
  }

  async due(nowMs: number, limit: number): Promise<readonly TableItem[]> {
    const filter = odata`PartitionKey eq ${PARTITION} and RowKey ge ${DUE} and RowKey lt ${timeKey(nowMs + 1)}`;
    const entries = this.client.listEntities({ queryOptions: { filter, select: ['RowKey', 'item'] } });
    try {
      for await (const page of entries.byPage({ maxPageSize: limit })) {
        const found = await Promise.all(
          page.map(async ({ rowKey, item: id }) => ({ key: String(rowKey), item: await this.find(String(id)) })),
        );
        await this.#forget(found.flatMap(({ key, item }) => (item?.dueKey === key ? [] : [key])));
        const items = found.flatMap(({ key, item }) => (item?.dueKey === key ? [item] : []));
        if (items.length > 0) return items;
      }
    } catch (error) {
      // Nothing was ever parked.
      if (statusOf(error) !== 404) throw error;
    }
    return [];
  }

  /** Takes entries away that stand for nothing; those that can't be are met again. */
  async #forget(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += MAX_OPERATIONS) {
      const some = keys.slice(at, at + MAX_OPERATIONS);
      try {
        await this.client.submitTransaction(some.map(deletionOf));
      } catch (error) {
        // Someone else took one away.
        if (statusOf(error) !== 404) throw error;
      }
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
    const filter = [odata`PartitionKey eq ${PARTITION} and RowKey lt ${DUE}`, ...conditions].join(' and ');
    try {
      for await (const entity of this.client.listEntities({ queryOptions: { filter, select: SUMMARY } }))
        yield summaryFrom(entity);
    } catch (error) {
      // Nothing was ever parked.
      if (statusOf(error) !== 404) throw error;
    }
  }

  /** An item by its id, without its body. */
  async summary(id: string): Promise<ParkedSummary | undefined> {
    for await (const summary of this.#summaries([odata`RowKey eq ${id}`])) return summary;
    return undefined;
  }

  /** An item by its id, with its body; undefined where there is none (any more). */
  async find(id: string): Promise<TableItem | undefined> {
    let lacking: unknown;
    for (;;) {
      const entity = await findEntity(this.client, PARTITION, id);
      if (entity === undefined) return undefined;
      const { blob } = entity;
      const body = typeof blob === 'string' ? await this.bodies.read(blob) : inlineBody(entity);
      if (body !== undefined) return itemFrom(entity, body);
      if (blob === lacking) throw new Error(`The body of ${id} is no longer in its blob (${String(blob)}).`);
      // Parked again meanwhile, it has another one.
      lacking = blob;
    }
  }

  async remove(items: readonly TableItem[]): Promise<void> {
    await Promise.all(
      items.map(async (item) => {
        try {
          await this.client.deleteEntity(PARTITION, item.id, onlyAs(item));
        } catch (error) {
          // 404: processed by someone else. 412: parked again, so it stays.
          if (statusOf(error) !== 404 && statusOf(error) !== 412) throw error;
          return;
        }
        if (item.blob !== undefined) await this.bodies.remove(item.blob);
      }),
    );
    await this.#forget(items.flatMap(({ dueKey }) => dueKey ?? []));
  }

  async postpone(item: TableItem, cause: ParkCause, dueAtMs?: number): Promise<void> {
    const { id, attempts, blob, dueKey } = item;
    const due = blob === undefined ? dueAtMs : undefined;
    const entry = entryOf(id, due);
    const changed = {
      ...{ partitionKey: PARTITION, rowKey: id, attempts: attempts + 1 },
      ...causeProperties(cause),
      ...dueProperties(due, entry),
    };
    const writes: TransactionAction[] = [['update', changed, 'Merge', onlyAs(item)]];
    if (entry !== undefined) writes.push(['upsert', entry, 'Replace']);
    if (dueKey !== undefined && (await this.#written([...writes, deletionOf(dueKey)]))) return;
    await this.#written(writes);
  }

  /**
   * Writes what is only of use while an item is as it was read. @returns false where something of it isn't there: it was
   * processed by someone else, or only its entry is gone
   */
  async #written(actions: readonly TransactionAction[]): Promise<boolean> {
    try {
      await this.client.submitTransaction([...actions]);
    } catch (error) {
      if (statusOf(error) === 404) return false;
      // 412: parked again, or tried by someone else, whose cause is the newer one.
      if (statusOf(error) !== 412) throw error;
    }
    return true;
  }

  /**
   * Moves an item, body and all, to the table of what was discarded, with the reason. A body in a blob stays there, and its
   * name goes along.
   *
   * @returns false where it was processed or parked again since it was read: then it is not discarded
   */
  async discard(item: Pick<ParkedItem, 'id' | 'tag'>, reason: string, discarded: TableClient): Promise<boolean> {
    const entity = await findEntity(this.client, PARTITION, item.id);
    if (entity === undefined || (item.tag !== undefined && entity.etag !== item.tag)) return false;
    const at = new Date(this.now());
    // Ids come again, when the same is parked again: each discarding is kept.
    const kept = { ...ownProperties(entity), partitionKey: item.id, rowKey: at.toISOString(), reason, discardedAt: at };
    await withTable(discarded, () => discarded.upsertEntity(kept, 'Replace'));
    try {
      await this.client.deleteEntity(PARTITION, item.id, { etag: String(entity.etag) });
    } catch (error) {
      if (statusOf(error) !== 404 && statusOf(error) !== 412) throw error;
      await discarded.deleteEntity(kept.partitionKey, kept.rowKey);
      return false;
    }
    await this.#forget(dueKeyOf(entity));
    return true;
  }
}

/** Has a write succeed only while the item is as it was read. */
const onlyAs = ({ tag }: ParkedItem): { readonly etag?: string } => (tag === undefined ? {} : { etag: tag });

/** An entity's properties, as they are written again elsewhere. */
const ownProperties = (entity: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(entity).filter(
      ([name]) => !['etag', 'timestamp', 'dueKey'].includes(name) && !name.startsWith('odata.'),
    ),
  );

function conditionsOf({ code, source, parkedUntilMs, next }: ParkedFilter): readonly string[] {
  return [
    ...(code === undefined ? [] : [odata`code eq ${code}`]),
    ...(source === undefined ? [] : [odata`source eq ${source}`]),
    ...(parkedUntilMs === undefined ? [] : [odata`parkedAt le ${new Date(parkedUntilMs)}`]),
    ...(next === undefined ? [] : [next === 'due' ? odata`dueAt lt ${NEVER}` : odata`dueAt eq ${NEVER}`]),
  ];
}

const causeProperties = ({ code, message }: ParkCause) => ({ code, message: message.slice(0, 2000) });

/** Before this key lie the entries of all that was due earlier. */
const timeKey = (epochMs: number): string => DUE + new Date(epochMs).toISOString();

/** The entry of an item that is due then, which no write ever names again. */
const entryOf = (id: string, dueAtMs: number | undefined): TableEntity | undefined =>
  dueAtMs === undefined
    ? undefined
    : { partitionKey: PARTITION, rowKey: `${timeKey(dueAtMs)} ${randomUUID()}`, item: id };

const dueProperties = (dueAtMs: number | undefined, entry?: TableEntity) => ({
  dueAt: dueAtMs === undefined ? NEVER : new Date(dueAtMs),
  dueKey: entry?.rowKey ?? '',
});

const deletionOf = (rowKey: string): TransactionAction => ['delete', { partitionKey: PARTITION, rowKey }];

function properties(subject: ParkedSubject): Record<string, unknown> {
  if (subject.kind === 'row') return { kind: 'row', table: subject.row.table, rowId: subject.row.id };
  const { source, body, contentType, truncated, arrivedAtMs } = subject.delivery;
  const entity: Record<string, unknown> = { kind: 'delivery', source, bytes: body.byteLength };
  if (contentType !== undefined) entity.contentType = contentType;
  if (truncated === true) entity.truncated = true;
  if (arrivedAtMs !== undefined) entity.arrivedAt = new Date(arrivedAtMs);
  return entity;
}

/** A body in parts, as far as it fits an entity. */
function bodyParts(body: Uint8Array): Record<string, Uint8Array> {
  const parts: Record<string, Uint8Array> = {};
  for (let part = 0; part * PART_BYTES < body.byteLength; part += 1)
    parts[`body${part}`] = body.slice(part * PART_BYTES, (part + 1) * PART_BYTES);
  return parts;
}

function inlineBody(entity: Record<string, unknown>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let part = entity.body0, next = 1; part instanceof Uint8Array; part = entity[`body${next}`], next += 1)
    parts.push(part);
  return Buffer.concat(parts);
}

const dueKeyOf = ({ dueKey }: Record<string, unknown>): readonly string[] =>
  typeof dueKey === 'string' && dueKey !== '' ? [dueKey] : [];

function itemFrom(entity: Record<string, unknown>, body: Uint8Array): TableItem {
  const [dueKey] = dueKeyOf(entity);
  return {
    ...factsFrom(entity),
    subject: subjectFrom(entity, body),
    ...(dueKey === undefined ? {} : { dueKey }),
    ...(typeof entity.blob === 'string' ? { blob: entity.blob } : {}),
  };
}

function summaryFrom(entity: Record<string, unknown>): ParkedSummary {
  if (entity.kind === 'row')
    return { ...factsFrom(entity), kind: 'row', of: String(entity.table), rowId: String(entity.rowId) };
  const { source, ...facts } = deliveryFacts(entity);
  return { ...factsFrom(entity), kind: 'delivery', of: source, bytes: Number(entity.bytes), ...facts };
}

function factsFrom(entity: Record<string, unknown>): Omit<ParkedItem, 'subject'> {
  const dueAt = (entity.dueAt as Date).getTime();
  return {
    id: String(entity.rowKey),
    cause: { code: String(entity.code), message: String(entity.message) },
    attempts: Number(entity.attempts),
    parkedAtMs: (entity.parkedAt as Date).getTime(),
    ...(dueAt === NEVER.getTime() ? {} : { dueAtMs: dueAt }),
    ...(typeof entity.etag === 'string' ? { tag: entity.etag } : {}),
  };
}

/** What is known of a delivery besides its body. */
const deliveryFacts = (entity: Record<string, unknown>): Omit<KeptDelivery, 'body'> => ({
  source: String(entity.source),
  ...(typeof entity.contentType === 'string' ? { contentType: entity.contentType } : {}),
  ...(entity.truncated === true ? { truncated: true } : {}),
  // It was parked when it came, where nothing else is known.
  arrivedAtMs: ((entity.arrivedAt ?? entity.parkedAt) as Date).getTime(),
});

const subjectFrom = (entity: Record<string, unknown>, body: Uint8Array): ParkedSubject =>
  entity.kind === 'row'
    ? { kind: 'row', row: { table: String(entity.table), id: String(entity.rowId) } }
    : { kind: 'delivery', delivery: { ...deliveryFacts(entity), body } };

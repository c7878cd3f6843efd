import type { TableClient } from '@azure/data-tables';
import { findEntity, statusOf, withTable } from '../azure/tables';
import { EMPTY_WINDOW, type RateWindow } from './rate-window';

/** A window as it was read or written, to be replaced only as that. */
export interface KnownWindow {
  readonly window: RateWindow;
  /** Undefined: nothing is stored yet. */
  readonly tag: string | undefined;
}

/** Where instances share a window. */
export interface SharedRateWindow {
  read(signal: AbortSignal): Promise<KnownWindow>;
  /** Replaces what is known; undefined where someone else was first. */
  replace(known: KnownWindow, by: RateWindow, signal: AbortSignal): Promise<KnownWindow | undefined>;
}

const PARTITION = 'rate';
const ROW = 'web-api';

/** A window in an Azure table: one entity, replaced by compare-and-swap. */
export class TableRateWindow implements SharedRateWindow {
  constructor(private readonly client: TableClient) {}

  async read(signal: AbortSignal): Promise<KnownWindow> {
    const entity = await findEntity(this.client, PARTITION, ROW, signal);
    if (entity === undefined) return { window: EMPTY_WINDOW, tag: undefined };
    return { window: windowFrom(entity.window), tag: String(entity.etag) };
  }

  async replace({ tag }: KnownWindow, window: RateWindow, signal: AbortSignal): Promise<KnownWindow | undefined> {
    const entity = { partitionKey: PARTITION, rowKey: ROW, window: JSON.stringify(window) };
    try {
      const { etag } =
        tag === undefined
          ? await withTable(this.client, () => this.client.createEntity(entity, { abortSignal: signal }))
          : await this.client.updateEntity(entity, 'Replace', { etag: tag, abortSignal: signal });
      return etag === undefined ? undefined : { window, tag: etag };
    } catch (error) {
      if ([404, 409, 412].includes(statusOf(error) ?? 0)) return undefined;
      throw error;
    }
  }
}

/** What can't be read counts as nothing: the next write puts it right. */
function windowFrom(text: unknown): RateWindow {
  try {
    return { ...EMPTY_WINDOW, ...(JSON.parse(String(text)) as Partial<RateWindow>) };
  } catch {
    return EMPTY_WINDOW;
  }
}

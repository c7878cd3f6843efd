/**
 * The lock under which a timer's listener runs: of two hosts on one storage account one runs each timer, and after a hard end nobody does until the lock is over. The real host
 * holds a blob lease (SingletonManager in https://github.com/Azure/azure-webjobs-sdk); here it is a record in a blob, since a lease can't be shorter than 15 s.
 */
import { RestError, type BlockBlobClient } from '@azure/storage-blob';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { HostJson } from './host-json';
import { hostBlobs } from './settings';
import type { Trigger, TriggerContext } from './trigger';

const record = z.object({ owner: z.string(), untilMs: z.number() });

/** A trigger that listens only while it has the lock; without a storage account it always has. */
export function underLock(trigger: Trigger, name: string, context: TriggerContext, hostId: string): Trigger {
  const storage = hostBlobs(context.settings);
  if (storage === undefined) return trigger;
  const container = storage.getContainerClient('azure-webjobs-hosts');
  const blob = container.getBlockBlobClient(`locks/${hostId}/Host.Functions.${name}.Listener`);
  return new LockedTrigger(trigger, name, context, blob, () => container.createIfNotExists());
}

class LockedTrigger implements Trigger {
  readonly #owner = randomUUID();
  readonly #options: HostJson['singleton'];
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #held = false;

  constructor(
    private readonly trigger: Trigger,
    private readonly name: string,
    private readonly context: TriggerContext,
    private readonly blob: BlockBlobClient,
    private readonly prepare: () => Promise<unknown>,
  ) {
    this.#options = context.hostJson.singleton;
  }

  async start(): Promise<void> {
    await this.prepare();
    await this.#try();
    this.#tryLater();
  }

  async pause(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    if (this.#held) await this.trigger.pause();
  }

  async close(): Promise<void> {
    if (!this.#held) return;
    await this.trigger.close();
    await this.#write(0);
  }

  runManually(input: string): Promise<void> {
    return this.trigger.runManually(input);
  }

  /** Takes the lock, or holds it for longer. Like the real host's, a listener goes on where its lock is lost. */
  async #try(): Promise<void> {
    const hasIt = await this.#write(Date.now() + this.#options.listenerLockPeriod);
    if (this.#stopped) return;
    if (!hasIt && !this.#held)
      this.#log(`Function '${this.name}' waits for its lock, which another host holds or has left behind.`);
    if (!hasIt || this.#held) return;
    await this.trigger.start();
    this.#held = true;
  }

  #tryLater(): void {
    if (this.#stopped) return;
    const { listenerLockPeriod, listenerLockRecoveryPollingInterval } = this.#options;
    const again = () =>
      void this.#try()
        .catch((error: unknown) => this.#log(`The lock of '${this.name}': ${String(error)}`))
        .then(() => this.#tryLater());
    this.#timer = setTimeout(again, this.#held ? listenerLockPeriod / 2 : listenerLockRecoveryPollingInterval);
  }

  /** Says until when the lock is held, unless another host holds it. */
  async #write(untilMs: number): Promise<boolean> {
    const { etag, owner, untilMs: heldUntilMs } = await this.#read();
    if (owner !== this.#owner && heldUntilMs > Date.now()) return false;
    const body = JSON.stringify({ owner: this.#owner, untilMs });
    try {
      await this.blob.upload(body, body.length, {
        conditions: etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag },
      });
      return true;
    } catch (error) {
      if (error instanceof RestError && (error.statusCode === 412 || error.statusCode === 409)) return false;
      throw error;
    }
  }

  async #read(): Promise<z.output<typeof record> & { readonly etag?: string }> {
    try {
      const { etag } = await this.blob.getProperties();
      const parsed = record.parse(JSON.parse((await this.blob.downloadToBuffer()).toString('utf8')));
      return { ...parsed, ...(etag === undefined ? {} : { etag }) };
    } catch (error) {
      if (error instanceof RestError && error.statusCode === 404) return { owner: '', untilMs: 0 };
      throw error;
    }
  }

  #log(message: string): void {
    this.context.log({ level: 'information', category: 'host', function: this.name, message });
  }
}

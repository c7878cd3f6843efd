import { RestError, type BlobLeaseClient, type ContainerClient } from '@azure/storage-blob';
import { LONGEST_WRITE_MS } from '../lob/store';
import type { Lease, Leases } from './pull-state';

/** Azure ends a lease by itself after that long: the longest it allows, in seconds. */
const LEASE_SECONDS = 60;
const RENEW_EVERY_MS = 15_000;
/** Before the service's own end of the lease its holder stops relying on it: what it sends until then lands before that. */
const SAFETY_MS = LONGEST_WRITE_MS + 5_000;

/**
 * Leases as Azure blob leases: the service ends them when their holder dies.
 * https://learn.microsoft.com/rest/api/storageservices/lease-blob
 */
export class BlobLeases implements Leases {
  constructor(private readonly container: ContainerClient) {}

  async acquire(name: string): Promise<Lease | undefined> {
    const blob = this.container.getBlockBlobClient(name);
    const lease = blob.getBlobLeaseClient();
    for (let attempt = 0; ; attempt += 1) {
      const asked = performance.now();
      try {
        await lease.acquireLease(LEASE_SECONDS);
        return new BlobLease(lease, asked);
      } catch (error) {
        if (statusOf(error) === 409) return undefined;
        if (statusOf(error) !== 404 || attempt > 0) throw error;
        await this.#createBlob(name);
      }
    }
  }

  async #createBlob(name: string): Promise<void> {
    await this.container.createIfNotExists();
    try {
      await this.container.getBlockBlobClient(name).upload('', 0, { conditions: { ifNoneMatch: '*' } });
    } catch (error) {
      // 409, 412: another instance made it, or made and leased it.
      if (statusOf(error) !== 409 && statusOf(error) !== 412) throw error;
    }
  }
}

class BlobLease implements Lease {
  readonly #timer: NodeJS.Timeout;
  #lost = false;

  constructor(
    private readonly client: BlobLeaseClient,
    /** When the request that last prolonged it was sent: it can't end earlier than a minute after that. */
    private renewedAt: number,
  ) {
    this.#timer = setInterval(() => void this.#renew(), RENEW_EVERY_MS);
    this.#timer.unref();
  }

  async #renew(): Promise<void> {
    const asked = performance.now();
    try {
      await this.client.renewLease();
      this.renewedAt = asked;
    } catch (error) {
      // A 409 says that someone else has it; anything else may pass, and if it doesn't, time decides.
      if (statusOf(error) === 409) this.#lost = true;
    }
  }

  held(): boolean {
    return !this.#lost && performance.now() - this.renewedAt < LEASE_SECONDS * 1000 - SAFETY_MS;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    this.#lost = true;
    try {
      await this.client.releaseLease();
    } catch {
      // It ends by itself within the minute.
    }
  }
}

const statusOf = (error: unknown): number | undefined => (error instanceof RestError ? error.statusCode : undefined);

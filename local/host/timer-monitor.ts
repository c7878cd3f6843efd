/**
 * What the host remembers about a monitored timer between starts, in the storage account as the real host does (container `azure-webjobs-hosts`), or in
 * memory where the app has no storage.
 */
import type { BlobServiceClient } from '@azure/storage-blob';
import { z } from 'zod';

const scheduleStatus = z.object({ Last: z.string(), Next: z.string(), LastUpdated: z.string() });

/** A timer's record, as the real host stores it and hands it to the function. */
export type ScheduleStatus = z.output<typeof scheduleStatus>;

/** Keeps the records. */
export interface TimerMonitor {
  read(functionName: string): Promise<ScheduleStatus | undefined>;
  write(functionName: string, status: ScheduleStatus): Promise<void>;
}

/** Remembers until the process ends. */
export function memoryTimerMonitor(): TimerMonitor {
  const statuses = new Map<string, ScheduleStatus>();
  return {
    read: (name) => Promise.resolve(statuses.get(name)),
    write: (name, status) => Promise.resolve(void statuses.set(name, status)),
  };
}

/** Remembers in blobs `timers/<host id>/Host.Functions.<name>/status`. */
export function blobTimerMonitor(storage: BlobServiceClient, hostId: string): TimerMonitor {
  const container = storage.getContainerClient('azure-webjobs-hosts');
  const blob = (name: string) => container.getBlockBlobClient(`timers/${hostId}/Host.Functions.${name}/status`);
  return {
    async read(name) {
      await container.createIfNotExists();
      if (!(await blob(name).exists())) return undefined;
      return scheduleStatus.parse(JSON.parse((await blob(name).downloadToBuffer()).toString('utf8')));
    },
    async write(name, status) {
      const body = Buffer.from(JSON.stringify(status));
      await blob(name).upload(body, body.length);
    },
  };
}

import type { StorageAccount } from '../settings/storage-account';

/** Keeps bodies that fit no entity. A name is written once. */
export interface LargeBodies {
  write(name: string, body: Uint8Array): Promise<void>;
  /** Undefined where there is none (any more). */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Harmless where there is none. */
  remove(name: string): Promise<void>;
}

/** Large bodies as blobs of a container, whose SDK is loaded only when there is one. */
export function deferredLargeBodies(account: StorageAccount<'blob'>, container: string): LargeBodies {
  let opened: Promise<LargeBodies> | undefined;
  const open = (): Promise<LargeBodies> =>
    (opened ??= import('./blob-bodies.js').then(({ blobBodies }) => blobBodies(account, container)));
  return {
    write: async (name, body) => (await open()).write(name, body),
    read: async (name) => (await open()).read(name),
    remove: async (name) => (await open()).remove(name),
  };
}

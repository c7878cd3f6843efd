/**
 * The thread that the app runs in. The real host gives the app a process of its own; a thread dies like one, alone and with all that runs in it, and ends with the host
 * however that ends.
 */
import { parentPort } from 'node:worker_threads';
import type { InvocationRequest, InvocationResponse } from './core-api';
import type { LogRecord } from './log';
import { Worker, type RegisteredFunction } from './worker';

/** What the host says. */
export type ToWorker =
  | { readonly kind: 'load'; readonly appDir: string }
  | { readonly kind: 'invoke'; readonly id: number; readonly request: InvocationRequest }
  | { readonly kind: 'terminate' };

/** What the app's thread says. */
export type FromWorker =
  | { readonly kind: 'loaded'; readonly functions: readonly RegisteredFunction[]; readonly httpUri: string | undefined }
  | { readonly kind: 'log'; readonly record: LogRecord }
  | { readonly kind: 'returned'; readonly id: number; readonly response: InvocationResponse }
  | { readonly kind: 'threw'; readonly id: number; readonly error: Error }
  | { readonly kind: 'terminated' };

const say = (message: FromWorker): void => parentPort?.postMessage(message);
const worker = new Worker((record) => say({ kind: 'log', record }));

/** Only what every error has can be sent to another thread. */
const plain = (thrown: unknown): Error =>
  thrown instanceof Error
    ? Object.assign(new Error(thrown.message), { stack: thrown.stack ?? thrown.message })
    : new Error(String(thrown));

async function answer(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case 'load':
      // What it throws ends the thread.
      await worker.load(message.appDir);
      say({ kind: 'loaded', functions: worker.functions, httpUri: worker.httpUri });
      return;
    case 'invoke':
      try {
        say({ kind: 'returned', id: message.id, response: await worker.invoke(message.request) });
      } catch (error) {
        say({ kind: 'threw', id: message.id, error: plain(error) });
      }
      return;
    case 'terminate':
      await worker.terminate();
      // The host has read what the app has printed.
      await new Promise((resolve) => process.stdout.write('', resolve));
      say({ kind: 'terminated' });
      return;
    default:
      return message satisfies never;
  }
}

parentPort?.on('message', (message: ToWorker) => void answer(message));

import path from 'node:path';
import type { Place } from '../inputs/stores';
import { startChild, type Child } from '../measure/child';

/** Starts the plain listener, which writes into a table of a place; it says its address. */
export const startListener = (place: Place, table: string): Promise<Child<string>> =>
  startChild(path.join(__dirname, 'main.js'), [place.connectionString, table]);

/** Starts the app's webhook without a host; it says its address. */
export const startHandler = (settings: Readonly<Record<string, string>>): Promise<Child<string>> =>
  startChild(path.join(__dirname, 'handler-main.js'), [], settings);

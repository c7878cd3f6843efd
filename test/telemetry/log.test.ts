/** Proves that the host gives a record from outside an invocation the level that the app gave it. */
import { expect, test } from '@jest/globals';
import { LOG_EVENTS, logTo, type LogEvent } from '../../shared/telemetry/log';

/** The level that the host gives a line of the worker's process: WorkerProcess in https://github.com/Azure/azure-functions-host */
function gradedByHost(stream: 'stdout' | 'stderr', line: string): 'info' | 'warn' | 'error' {
  if (stream === 'stdout') return 'info';
  if (/warn/i.test(line)) return 'warn';
  return /error|fail|severe|unhandled exception/i.test(line) ? 'error' : 'info';
}

test.each(Object.keys(LOG_EVENTS) as LogEvent[])('%s keeps its level outside an invocation', (event) => {
  const graded: string[] = [];
  const fields: unknown[] = [];
  const to = (stream: 'stdout' | 'stderr') => (line: string) => {
    graded.push(gradedByHost(stream, line));
    fields.push(JSON.parse(line.slice(line.indexOf('{'))));
  };
  // As `console` has it.
  logTo({ info: to('stdout'), warn: to('stderr'), error: to('stderr') })(event, { source: 'webhook' });
  const { id, level } = LOG_EVENTS[event];
  expect(graded).toEqual([level]);
  expect(fields).toEqual([{ event: id, level, source: 'webhook' }]);
});

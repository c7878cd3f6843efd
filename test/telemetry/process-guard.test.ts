/** Proves that a rejection which nobody handles ends nothing, is said once with its code and is counted. */
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { OutboundError } from '../../shared/errors/errors';
import { guardProcess } from '../../shared/telemetry/process-guard';
import { builtFolder } from '../build-once';

test('each code is said once a minute, with how often it came', () => {
  const guarded = new EventEmitter();
  const said: unknown[] = [];
  let nowMs = 0;
  guardProcess(
    guarded,
    (event, fields) => said.push([event, fields.code, fields.reason, fields.count]),
    () => nowMs,
  );
  const reject = (reason: unknown) => guarded.emit('unhandledRejection', reason);
  reject(new OutboundError('lease-lost', 'first'));
  reject(new OutboundError('lease-lost', 'second'));
  reject('text');
  nowMs = 59_999;
  reject(new OutboundError('lease-lost', 'third'));
  nowMs = 60_000;
  reject(new OutboundError('lease-lost', 'fourth'));
  expect(said).toEqual([
    ['strayRejection', 'lease-lost', 'first', 1],
    ['strayRejection', 'unexpected', 'text', 1],
    ['strayRejection', 'lease-lost', 'fourth', 4],
  ]);
});

describe('the app in a process', () => {
  /** Loads a function of the app, and then does something. */
  const script = (then: string) => `
    require(process.argv[1] + '/dist/functions/webhook.js');
    setTimeout(() => { ${then} });
    setTimeout(() => console.log('STILL HERE'), 50);
  `;

  test('[I64] a rejection that nobody handles is logged with its code, and the process goes on', async () => {
    const run = spawnSync(process.execPath, ['-e', script("Promise.reject(new Error('stray'))"), await builtFolder()], {
      encoding: 'utf8',
    });
    expect([run.status, run.stdout.includes('STILL HERE')]).toEqual([0, true]);
    expect(run.stderr).toContain('strayRejection {"event":9002,"level":"error","code":"unexpected","reason":"stray"');
  });

  test('an exception that nobody catches is logged, and ends the process', async () => {
    const run = spawnSync(process.execPath, ['-e', script("throw new Error('loose')"), await builtFolder()], {
      encoding: 'utf8',
    });
    expect([run.status, run.stdout.includes('STILL HERE')]).toEqual([1, false]);
    const record = run.stderr.split('\n').find((line) => line.startsWith('crashing '));
    expect(JSON.parse(record?.slice('crashing '.length) ?? '{}')).toMatchObject({
      event: 9003,
      level: 'error',
      code: 'unexpected',
      reason: 'loose',
      at: expect.arrayContaining([expect.stringContaining('[eval]')]),
    });
  });
});

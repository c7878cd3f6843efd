/**
 * Proves that the local host treats an unmodified app as the real one does over HTTP and by the clock: routes, keys, bodies, failures, schedules, disabled functions, missing
 * settings, and its own end. Each host is a process of its own.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { connect } from 'node:net';
import { eventually } from '../eventually';
import { hostMain, only, startSampleApp, type SampleApp } from './host-app/start';

describe('HTTP', () => {
  let app: SampleApp;
  const call = (path: string, init?: RequestInit) => fetch(`${app.host.url}${path}`, init);

  beforeAll(async () => {
    app = await startSampleApp({
      ...only(),
      'AzureWebJobs.off.Disabled': '1',
      FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000',
      languageWorkers__node__arguments: '--max-semi-space-size=4 --max-old-space-size=200 --enable-source-maps',
      AzureFunctionsJobHost__logging__logLevel__default: 'Debug',
    });
  });
  afterAll(() => app.host.stop());

  it('hands route parameters, query and body over, and answers with status, headers and cookies', async () => {
    const answer = await call('/API/echo/7/a%20b?x=1&x=2', { method: 'POST', body: '{"a":1}' });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-kind')).toBe('echo');
    expect(answer.headers.get('set-cookie')).toBe('seen=a%20b; Path=/; HttpOnly');
    expect(await answer.json()).toEqual({
      url: `${app.host.url}/API/echo/7/a%20b?x=1&x=2`,
      params: { id: '7', part: 'a b' },
      query: { x: '1,2' },
      body: '{"a":1}',
    });
  });

  it('leaves an optional parameter out', async () => {
    expect(await (await call('/api/echo/7')).json()).toMatchObject({ params: { id: '7' }, body: '' });
  });

  it.each([
    ['no route', 'GET', '/api/none'],
    ['a value against the constraint', 'GET', '/api/echo/seven'],
    ['too many segments', 'GET', '/api/echo/7/a/b'],
    ['a route without the prefix', 'GET', '/echo/7'],
    ['a wrong method', 'PUT', '/api/echo/7'],
    ['a disabled function', 'GET', '/api/off'],
  ])('answers 404 to %s', async (_, method, path) => {
    expect((await call(path, { method })).status).toBe(404);
  });

  it('gives the app the heap that Node’s arguments ask for', async () => {
    const limits = { maxYoungGenerationSizeMb: 12, maxOldGenerationSizeMb: 200 };
    expect(await (await call('/api/heap')).json()).toMatchObject({ ...limits, flags: ['--enable-source-maps'] });
  });

  it('keeps bytes as they are', async () => {
    const answer = await call('/api/bytes', { method: 'POST', body: Buffer.from([0, 1, 254, 255]) });
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from([255, 254, 1, 0]));
  });

  it('answers 500 without a word to a throw, and logs the cause', async () => {
    const answer = await call('/api/boom');
    expect([answer.status, await answer.text()]).toEqual([500, '']);
    expect(await app.logged('Error: boom')).toMatchObject({ level: 'error', category: 'host', function: 'boom' });
  });

  it('answers 204 to a handler that returns nothing', async () => {
    expect((await call('/api/nothing')).status).toBe(204);
  });

  it('gives an empty body to a function whose caller sent none by length, as the real host does', async () => {
    expect(JSON.parse(await postChunked(`${app.host.url}/api/echo/7`))).toMatchObject({ body: '' });
  });

  it('answers 500 without a word beyond the size limit, and logs a failed invocation', async () => {
    const answer = await call('/api/bytes', { method: 'POST', body: 'x'.repeat(1001) });
    expect([answer.status, await answer.text()]).toEqual([500, '']);
    expect(await app.logged('Request body too large')).toMatchObject({ level: 'error', function: 'bytes' });
  });

  it('answers 500 to a body that stops arriving', async () => {
    const sent = performance.now();
    const status = await raw(app.host.port, 'POST /api/bytes HTTP/1.1', ['Host: x', 'Content-Length: 9'], 'half');
    expect([status, Math.round(performance.now() - sent) >= 5000]).toEqual([500, true]);
  });

  it.each([
    ['a path of 9 KB', `GET /api/nothing?x=${'y'.repeat(9000)} HTTP/1.1`, ['Host: x'], 414],
    [
      '150 headers',
      'GET /api/nothing HTTP/1.1',
      ['Host: x', ...Array.from({ length: 150 }, (_, n) => `x-${n}: y`)],
      431,
    ],
    [
      'headers of 30 KB',
      'GET /api/nothing HTTP/1.1',
      ['Host: x', ...Array.from({ length: 30 }, (_, n) => `x-${n}: ${'y'.repeat(990)}`)],
      204,
    ],
    [
      'headers of 50 KB',
      'GET /api/nothing HTTP/1.1',
      ['Host: x', ...Array.from({ length: 50 }, (_, n) => `x-${n}: ${'y'.repeat(990)}`)],
      431,
    ],
    ['HTTP/1.0 without a Host', 'GET /api/nothing HTTP/1.0', [], 500],
    ['the root', 'GET / HTTP/1.1', ['Host: x'], 200],
  ])('like the real host, to %s', async (_, line, headers, expected) => {
    expect(await raw(app.host.port, line, headers)).toBe(expected);
  });

  it('joins the values of a repeated header as .NET does', async () => {
    await raw(app.host.port, 'GET /api/headers HTTP/1.1', ['Host: x', 'X-Twice: 1', 'X-Twice: 2']);
    await app.logged('x-twice 1,2');
  });

  it('logs an upload that breaks off without its query, where a key may be', async () => {
    const { port } = new URL(app.host.url);
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write('POST /api/bytes?code=secret-key HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf');
      setTimeout(() => socket.destroy(), 50);
    });
    expect(await app.logged('HTTP POST /api/bytes:')).toMatchObject({ level: 'error' });
    expect(JSON.stringify(app.records)).not.toContain('secret-key');
  });

  it('asks for no key unless keys are given', async () => {
    expect((await call('/api/secured')).status).toBe(200);
  });

  it('runs the hooks around the app and around an invocation', async () => {
    await call('/api/nothing');
    expect(await app.logged('hook appStart')).toMatchObject({ category: 'console' });
    expect(await app.logged('hook postInvocation began=true')).toMatchObject({ level: 'debug', category: 'user' });
  });

  it('logs with function and invocation', async () => {
    await call('/api/echo/7');
    const record = await app.logged('echo called');
    expect(record).toMatchObject({ level: 'information', category: 'user', function: 'echo' });
    expect(record.invocationId).toMatch(/^[\da-f-]{36}$/);
  });
});

describe('HTTP streams', () => {
  it('pass through to the library, chunked bodies included', async () => {
    const app = await startSampleApp({}, { appDir: `${__dirname}/host-app/stream` });
    try {
      expect(await postChunked(`${app.host.url}/api/echo/7?q=x`)).toBe('7:x:halfhalf');
      expect((await fetch(`${app.host.url}/api/boom`)).status).toBe(500);
    } finally {
      await app.host.stop();
    }
  });
});

describe('keys', () => {
  let app: SampleApp;
  beforeAll(async () => {
    app = await startSampleApp(only(), { keys: { function: 'fk', master: 'mk' } });
  });
  afterAll(() => app.host.stop());

  it.each([
    ['none', '/api/secured', undefined, 401],
    ['a wrong one', '/api/secured?code=no', undefined, 401],
    ['the host key in the query', '/api/secured?code=fk', undefined, 200],
    ['the host key in the header', '/api/secured', 'fk', 200],
    ['the master key', '/api/secured', 'mk', 200],
    ['a wrong header over a right query', '/api/secured?code=fk', 'no', 401],
    ['none for an anonymous function', '/api/nothing', undefined, 204],
  ])('%s', async (_, path, key, status) => {
    const answer = await fetch(`${app.host.url}${path}`, {
      headers: key === undefined ? {} : { 'x-functions-key': key },
    });
    expect(answer.status).toBe(status);
  });

  it('opens the admin endpoint to the master key only', async () => {
    const call = async (key: string) =>
      fetch(`${app.host.url}/admin/functions/monitored`, {
        method: 'POST',
        body: '{}',
        headers: { 'x-functions-key': key },
      });
    expect([(await call('fk')).status, (await call('mk')).status]).toEqual([401, 202]);
  });
});

describe('the worker', () => {
  it('ends with a rejection that nobody handles: all that runs in it fails, and the next request waits for a new one', async () => {
    const app = await startSampleApp(only());
    const status = async (path: string) => (await fetch(`${app.host.url}${path}`)).status;
    try {
      const text = async () => (await fetch(`${app.host.url}/api/count`)).text();
      expect([await text(), await text()]).toEqual(['1', '2']);
      const beside = status('/api/slow');
      await app.logged('slow begins');
      expect(await status('/api/stray')).toBe(500);
      expect(await beside).toBe(500);
      expect(await app.logged('The worker has ended: Error: stray')).toMatchObject({ level: 'critical' });
      // Nothing of the old one is left.
      expect(await text()).toBe('1');
      expect(await status('/api/stray')).toBe(500);
      await status('/api/stray').catch(() => undefined);
      expect(await app.host.exited).toMatchObject({ code: 1 });
    } finally {
      await app.host.stop();
    }
  });

  it('is ended when an invocation takes longer than functionTimeout; one beside it hangs until its own is over', async () => {
    const app = await startSampleApp({ ...only(), AzureFunctionsJobHost__functionTimeout: '00:00:02' });
    const timed = async (path: string) => {
      const began = performance.now();
      const { status } = await fetch(`${app.host.url}${path}`);
      return [status, Math.round((performance.now() - began) / 1000)];
    };
    try {
      const first = timed('/api/hang');
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const second = timed('/api/hang');
      expect(await first).toEqual([500, 2]);
      expect(await timed('/api/nothing')).toEqual([204, expect.any(Number)]);
      expect(await second).toEqual([500, 2]);
      await app.logged("Timeout value of 2 s exceeded by function 'Functions.hang'");
      expect((await fetch(`${app.host.url}/api/count`)).status).toBe(200);
    } finally {
      await app.host.stop();
    }
  });
});

describe('timers', () => {
  let app: SampleApp;
  beforeAll(async () => {
    app = await startSampleApp({ ...only('everySecond', 'monitored', 'flaky'), EVERY_SECOND: '* * * * * *' });
  });
  afterAll(() => app.host.stop());

  it('fires on schedule and never overlaps itself, though each run lasts longer than the schedule allows', async () => {
    await eventually(() => app.userMessages('tick').length >= 3, 'three ticks');
    // A schedule below a minute isn't monitored, so its status is null.
    expect(new Set(app.userMessages('tick'))).toEqual(new Set(['tick running=1 status=null pastDue=false']));
  });

  it('runs by hand, with the monitored status', async () => {
    const answer = await fetch(`${app.host.url}/admin/functions/monitored`, { method: 'POST', body: '{"input":""}' });
    expect(answer.status).toBe(202);
    const { message } = await app.logged('monitored {');
    expect(JSON.parse(message.slice('monitored '.length))).toEqual({
      schedule: { adjustForDST: true },
      scheduleStatus: {
        last: '0001-01-01T00:00:00+00:00',
        next: expect.stringMatching(/^\d{4}-(?:01-01|12-31)T\d\d:[0-5][05]:00\+00:00$/),
        lastUpdated: expect.any(String),
      },
      isPastDue: false,
    });
  });

  it('knows the functions it can run by hand, and asks for JSON', async () => {
    const call = (name: string, body: string) =>
      fetch(`${app.host.url}/admin/functions/${name}`, { method: 'POST', body });
    expect([(await call('none', '{}')).status, (await call('monitored', '')).status]).toEqual([404, 400]);
  });

  it('runs on start-up, and again under the retry policy until it succeeds', async () => {
    await eventually(() => app.userMessages('flaky').length === 3, 'three attempts');
    expect(app.userMessages('flaky')).toEqual(['flaky attempt 0', 'flaky attempt 1', 'flaky attempt 2']);
  });
});

describe('settings', () => {
  it('puts a function with a missing setting in error, names it, and runs the others', async () => {
    const { BUS, ...settings } = { ...only('everySecond', 'orders', 'raw'), BUS: '', ORDERS: 'orders' };
    expect(BUS).toBe('');
    const app = await startSampleApp({ ...settings, BUS__fullyQualifiedNamespace: 'x.servicebus.windows.net' });
    try {
      expect((await app.logged("'everySecond' function is in error")).message).toContain(
        "'%EVERY_SECOND%' does not resolve to a value",
      );
      expect((await app.logged("'orders' function is in error")).message).toContain('identity-based');
      expect((await app.logged("'unknown' function is in error")).message).toContain(
        "no trigger of type 'queueTrigger'",
      );
      const states = Object.fromEntries(app.host.functions.map(({ name, state }) => [name, state]));
      expect(states).toMatchObject({
        everySecond: 'inError',
        orders: 'inError',
        monitored: 'disabled',
        echo: 'running',
      });
      expect((await fetch(`${app.host.url}/api/nothing`)).status).toBe(204);
    } finally {
      await app.host.stop();
    }
  });

  it('rejects with the output when the app cannot be loaded', async () => {
    await expect(startSampleApp({}, { appDir: '/nonexistent' })).rejects.toThrow(
      /before it was ready:[^]*package\.json isn't there/,
    );
  });
});

describe('the end', () => {
  it('lets a running invocation finish on a graceful stop, and runs appTerminate', async () => {
    const app = await startSampleApp(only());
    const answer = fetch(`${app.host.url}/api/slow`).then((response) => response.text());
    await app.logged('slow begins');
    await app.host.stop();
    expect(await answer).toBe('slow but whole');
    expect(await app.host.exited).toEqual({ code: 0, signal: null });
    expect(app.records.at(-1)?.message).toBe('hook appTerminate');
  });

  it('is at once when killed', async () => {
    const app = await startSampleApp(only());
    app.host.kill();
    expect(await app.host.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('follows the death of the parent', async () => {
    const parent = spawn(
      process.execPath,
      [
        '-e',
        `const child = require('node:child_process').fork(process.argv[1], [process.argv[2]], { stdio: 'pipe' });
         child.stdout.on('data', (chunk) => String(chunk).includes('HOST READY') && console.log('pid=' + child.pid));`,
        await hostMain(),
        `${__dirname}/host-app`,
      ],
      { env: { ...process.env, ...only() }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.on('data', (chunk: Buffer) => resolve(Number(/pid=(\d+)/.exec(chunk.toString())?.[1]))),
    );
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await eventually(() => !isAlive(pid), 'the host is gone');
  });
});

/** Sends a body in two chunks, without a Content-Length. */
function postChunked(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunked = request(url, { method: 'POST' }, (response) => {
      response.setEncoding('utf8').once('data', resolve);
    });
    chunked.once('error', reject).write('half');
    chunked.end('half');
  });
}

/** Sends a request as text, and gives the status of its answer. */
function raw(port: number, line: string, headers: readonly string[], body = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write([line, ...headers, '', body].join('\r\n')));
    socket.once('error', reject).once('data', (chunk: Buffer) => {
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(chunk.toString('latin1'))?.[1]));
      socket.destroy();
    });
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

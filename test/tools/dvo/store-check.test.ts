/** Proves that `dvo store check` finds a receiver good that does its duties, and names each duty that one doesn't do. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startLobReceiver, type LobReceiver } from '../../../local/lob-receiver/receiver';
import { readHttpTarget } from '../../../shared/settings/http-target';
import { checkTarget } from '../../../tools/dvo/store/check';
import { TestTerminal } from './terminal';

const KEY = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

let receiver: LobReceiver;
let careless: Server;
let statusOf: (request: IncomingMessage) => number;

beforeAll(async () => {
  receiver = await startLobReceiver([KEY]);
  careless = createServer((request, response) => {
    request.resume();
    response.writeHead(statusOf(request)).end();
  });
  await new Promise<void>((resolve) => careless.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await receiver.close();
  careless.closeAllConnections();
  await new Promise((resolve) => careless.close(resolve));
});

function config(url: string, keys = KEY) {
  const { value, faults } = readHttpTarget({ LOB_HTTP__url: `${url}/rows/{table}/{key}`, LOB_HTTP__signingKeys: keys });
  if (value === undefined) throw new Error(faults.join());
  return value;
}
const carelessUrl = () => `http://127.0.0.1:${(careless.address() as AddressInfo).port}`;

test('the reference receiver does all of it, and has nothing left but the version', async () => {
  const terminal = new TestTerminal();
  await checkTarget(terminal, config(receiver.url));
  expect(terminal.text.split('\n').filter((line) => line !== '' && !line.startsWith('ok'))).toEqual([]);
  expect(terminal.text.split('\n')).toHaveLength(9);
  expect([...receiver.rows.values()].map(({ columns }) => columns)).toEqual([undefined]);
});

test('one that says yes to everything: what it would let happen', async () => {
  statusOf = () => 200;
  const terminal = new TestTerminal();
  await expect(checkTarget(terminal, config(carelessUrl()))).rejects.toThrow(/^3 of the duties/);
  expect(terminal.text.match(/^FAIL {2}(.*?):/gm)).toEqual([
    'FAIL  refuses an older version:',
    'FAIL  refuses a wrong signature:',
    'FAIL  remembers the version of a deleted row:',
  ]);
});

test('one that is not there, or takes nothing, is said at once', async () => {
  statusOf = () => 422;
  const terminal = new TestTerminal();
  await expect(checkTarget(terminal, config(carelessUrl()))).rejects.toThrow(/^1 of the duties/);
  expect(terminal.text).toMatch(
    /^FAIL {2}stores a row: it was not stored \(lob-refused\)\. The LOB system answered 422/,
  );
});

test('requests that go as one are tried as one, where there is an address for that', async () => {
  const terminal = new TestTerminal();
  await checkTarget(terminal, { ...config(receiver.url), bulkUrl: `${receiver.url}/bulk` });
  expect(terminal.text).toMatch(/\nok {2} {2}takes both as one request\n$/);
  const other = new TestTerminal();
  const wrong = { ...config(receiver.url), bulkUrl: `${receiver.url}/rows/x/y` };
  await expect(checkTarget(other, wrong)).rejects.toThrow(/^1 of the duties/);
  expect(other.text).toMatch(/\nFAIL {2}takes both as one request: /);
});

test('without keys it says that nothing is signed', async () => {
  statusOf = () => 200;
  const terminal = new TestTerminal();
  await expect(checkTarget(terminal, config(carelessUrl(), ''))).rejects.toThrow();
  expect(terminal.errors).toMatch(/^Requests are not signed/);
});

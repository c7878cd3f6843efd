/** The reference LOB system behind its REST interface, perhaps with a relay before it: what starts for `--store http`. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLobReceiver, type LobReceiver } from '../lob-receiver/receiver';
import { startRelay, type Relay } from '../relay/relay';

/** A running LOB system. */
export interface LobSystem {
  readonly receiver: LobReceiver;
  /** What the app needs to reach it. */
  readonly settings: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const PATH = 'erp';
const DVO = resolve(__dirname, '../../tools/dvo/dvo.js');
const METHODS = 'PUT,PATCH,POST,DELETE';

/** @param behindRelay reached through a relay, with `dvo relay-listen` in a process of its own */
export async function startLobSystem(behindRelay: boolean): Promise<LobSystem> {
  const signingKey = `whsec_${randomBytes(32).toString('base64')}`;
  const receiver = await startLobReceiver([signingKey]);
  const relay = behindRelay ? await startListening(receiver.url) : undefined;
  const base = relay === undefined ? receiver.url : `http://${relay.host}/${PATH}`;
  return {
    receiver,
    settings: {
      LOB_STORE: 'http',
      LOB_HTTP__url: `${base}/rows/{table}/{key}`,
      LOB_HTTP__linkUrl: `${base}/links/{relationship}/{id1}/{id2}`,
      LOB_HTTP__eventUrl: `${base}/events/{event}`,
      LOB_HTTP__signingKeys: signingKey,
      ...(relay === undefined ? {} : { LOB_HTTP__relayKeyName: 'send', LOB_HTTP__relayKey: relay.sendKey }),
    },
    stop: async () => {
      await relay?.stop();
      await receiver.close();
    },
  };
}

interface Listening {
  readonly host: string;
  readonly sendKey: string;
  stop(): Promise<void>;
}

async function startListening(to: string): Promise<Listening> {
  const [listenKey, sendKey] = [randomBytes(24).toString('base64'), randomBytes(24).toString('base64')];
  const relay: Relay = await startRelay(PATH, {
    listen: { key: listenKey, rights: ['Listen'] },
    send: { key: sendKey, rights: ['Send'] },
  });
  const listener = spawn(
    process.execPath,
    [
      ...[DVO, 'relay-listen', '--namespace', relay.host, '--path', PATH, '--to', to, '--key-name', 'listen'],
      ...['rows', 'links', 'events'].flatMap((kind) => ['--allow', `${METHODS} /${kind}/`]),
    ],
    { env: { ...process.env, RELAY_LISTEN_KEY: listenKey }, stdio: ['ignore', 'ignore', 'ignore'] },
  );
  while (relay.listeners === 0 && listener.exitCode === null) await sleep(50);
  if (listener.exitCode !== null) throw new Error(`dvo relay-listen ended with ${listener.exitCode}.`);
  return {
    host: relay.host,
    sendKey,
    stop: async () => {
      if (listener.exitCode === null) {
        listener.kill();
        await once(listener, 'exit');
      }
      await relay.close();
    },
  };
}

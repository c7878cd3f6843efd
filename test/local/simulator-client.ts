/** What tests of the simulator share: a Web API client, a webhook that keeps what it is sent, and readers of JSON. */
import { afterEach, expect } from '@jest/globals';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent, fetch, type Headers } from 'undici';
import {
  startDataverse,
  type Dataverse,
  type DataverseOptions,
  type StepRegistration,
} from '../../local/dataverse/simulator';

export type Json = null | boolean | number | string | Json[] | Members;
export interface Members {
  [member: string]: Json;
}

export const members = (json: Json | undefined): Members => {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Error(`No object: ${JSON.stringify(json)}`);
  return json;
};
export const list = (json: Json | undefined): Json[] => {
  if (!Array.isArray(json)) throw new Error(`No list: ${JSON.stringify(json)}`);
  return json;
};
export const text = (json: Json | undefined): string => {
  if (typeof json !== 'string') throw new Error(`No text: ${JSON.stringify(json)}`);
  return json;
};

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly raw: string;
  readonly body: Members;
}

/** Where a simulator is, and as whom it is called. */
export type Callable = Pick<Dataverse, 'url' | 'certificatePath' | 'tenantId' | 'clientId' | 'clientSecret'>;

/** One HTTPS request that trusts the simulator's certificate. */
export function request(
  dataverse: Pick<Callable, 'url' | 'certificatePath'>,
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answer> {
  const url = new URL(target.startsWith('https:') ? target : dataverse.url + target);
  const ca = readFileSync(dataverse.certificatePath);
  return new Promise((resolve, reject) => {
    const sent = https.request(url, { method, headers, ca, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const raw = Buffer.concat(chunks).toString('utf8');
        const isJson = response.headers['content-type']?.startsWith('application/json') === true && raw !== '';
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          raw,
          body: isJson ? members(JSON.parse(raw) as Json) : {},
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export async function accessToken(dataverse: Callable): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: dataverse.clientId,
    client_secret: dataverse.clientSecret,
    scope: `${dataverse.url}/.default`,
  });
  const answer = await request(dataverse, 'POST', `/${dataverse.tenantId}/oauth2/v2.0/token`, {}, form.toString());
  return text(answer.body.access_token);
}

export type Call = (
  method: string,
  target: string,
  headers?: Record<string, string>,
  body?: unknown,
) => Promise<Answer>;

/** Calls the Web API with a good token; paths are below the service root. */
export async function caller(dataverse: Callable): Promise<Call> {
  const Authorization = `Bearer ${await accessToken(dataverse)}`;
  return (method, target, headers = {}, body) =>
    request(
      dataverse,
      method,
      target.startsWith('https:') ? target : `/api/data/v9.2/${target}`,
      { Authorization, Accept: 'application/json', 'If-None-Match': 'null', ...headers },
      body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    );
}

/** One of a simulator's applications: the first, or a further one. */
export interface Application {
  readonly clientId: string;
  readonly clientSecret: string;
}

export type Fetch = (
  method: string,
  target: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<{ readonly status: number; readonly headers: Headers; readonly raw: string; readonly body: Members }>;

/** Calls the Web API by `fetch` as an application; paths are below the service root. */
export async function fetcher(dataverse: Callable, application: Application = dataverse): Promise<Fetch> {
  const { clientId, clientSecret } = application;
  const Authorization = `Bearer ${await accessToken({ ...dataverse, clientId, clientSecret })}`;
  const dispatcher = new Agent({ connect: { ca: readFileSync(dataverse.certificatePath) } });
  open.push({ close: () => dispatcher.destroy() });
  return async (method, target, body, headers = {}) => {
    const response = await fetch(`${dataverse.url}/api/data/v9.2/${target}`, {
      dispatcher,
      method,
      headers: { Authorization, Accept: 'application/json', 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const raw = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true && raw !== '';
    return {
      status: response.status,
      headers: response.headers,
      raw,
      body: isJson ? members(JSON.parse(raw) as Json) : {},
    };
  };
}

export const open: { close(): Promise<void> }[] = [];
export async function start(options: DataverseOptions = {}): Promise<Dataverse> {
  const dataverse = await startDataverse({ jobs: { jitterMs: 0, retryDelaysMs: [20, 40] }, ...options });
  open.push(dataverse);
  return dataverse;
}
afterEach(async () => {
  // Clients before the broker they are connected to.
  for (const each of open.splice(0)) await each.close();
});

export interface Delivery {
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly raw: string;
  readonly context: Members;
}

export interface Hook {
  readonly url: string;
  readonly deliveries: Delivery[];
  /** Statuses of the next answers; then 200. */
  readonly answers: number[];
  close(): Promise<void>;
}

/** A webhook that keeps what it is sent. */
export async function startHook(): Promise<Hook> {
  const deliveries: Delivery[] = [];
  const answers: number[] = [];
  const server = http.createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const raw = Buffer.concat(chunks).toString('utf8');
      deliveries.push({
        url: incoming.url ?? '',
        headers: incoming.headers,
        raw,
        context: members(JSON.parse(raw) as Json),
      });
      response.writeHead(answers.shift() ?? 200).end('ignored');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const hook = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/hook`,
    deliveries,
    answers,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
  open.push(hook);
  return hook;
}

/** Registers a webhook and one step on it. */
export async function hooked(
  dataverse: Dataverse,
  hook: Hook,
  step: Omit<StepRegistration, 'endpoint'>,
): Promise<string> {
  const endpoint = await dataverse.registerEndpoint({ name: 'hook', contract: 'webhook', url: hook.url });
  return dataverse.registerStep({ ...step, endpoint });
}

export const first = (hook: Hook): Delivery => {
  const delivery = hook.deliveries[0];
  if (delivery === undefined) throw new Error('Nothing was delivered.');
  return delivery;
};

/** The value of a pair by key. */
export function valueOf(pairs: Json | undefined, key: string): Json | undefined {
  return list(pairs)
    .map((pair) => members(pair))
    .find((pair) => pair.key === key)?.value;
}

export const targetOf = (context: Members): Members => members(valueOf(context.InputParameters, 'Target'));
export const keysOf = (pairs: Json | undefined): string[] => list(pairs).map((pair) => text(members(pair).key));

/** Follows a run to its delta link; `between` runs after the first page. */
export async function pull(
  call: Call,
  from: string,
  headers: Record<string, string> = {},
  between?: () => Promise<unknown>,
) {
  const items: Members[] = [];
  let target = from;
  for (let pages = 1; ; pages++) {
    const page = await call('GET', target, headers);
    expect(page.status).toBe(200);
    items.push(...list(page.body.value).map((item) => members(item)));
    const [next, delta] = [page.body['@odata.nextLink'], page.body['@odata.deltaLink']];
    expect([next, delta].filter((link) => link !== undefined)).toHaveLength(1);
    if (delta !== undefined) return { items, deltaLink: text(delta), context: page.body['@odata.context'], pages };
    if (pages === 1) await between?.();
    target = text(next);
  }
}

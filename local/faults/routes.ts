/** TCP proxies on all ways between the app and what it needs. The app gets nothing but other addresses. */
import type { Stack } from '../stack/stack';
import { TcpProxy } from './tcp-proxy';

/** The ways between the app and what it always needs. */
export const ROUTES = ['tables', 'blobs', 'broker', 'webApi'] as const;
export type Route = (typeof ROUTES)[number] | 'postgres';

/** The proxies of a stack, open. */
export class Routes {
  private constructor(
    private readonly stack: Stack,
    private readonly proxies: ReadonlyMap<Route, TcpProxy>,
  ) {}

  /**
   * @param random numbers from 0 to 1, for the jitter
   * @param before ports of proxies that lie between these and the stack
   */
  static async open(stack: Stack, random: () => number, before: Partial<Record<Route, number>> = {}): Promise<Routes> {
    const proxies = new Map<Route, TcpProxy>();
    for (const [route, port] of portsOf(stack)) proxies.set(route, await TcpProxy.open(before[route] ?? port, random));
    return new Routes(stack, proxies);
  }

  /** The proxy of a route. */
  of(route: Route): TcpProxy {
    const proxy = this.proxies.get(route);
    if (proxy === undefined) throw new Error(`There is no route ${route}.`);
    return proxy;
  }

  /** Over the settings of the stack: those with which the app goes through the proxies. */
  get settings(): Readonly<Record<string, string>> {
    const ports = new Map(Array.from(portsOf(this.stack), ([route, port]) => [port, this.of(route).port]));
    const before = (port: string): string => String(ports.get(Number(port)) ?? Number(port));
    const through = (name: string, value: string): string =>
      name.endsWith('__port')
        ? before(value)
        : value.replaceAll(/127\.0\.0\.1:(\d+)/g, (_, port: string) => `127.0.0.1:${before(port)}`);
    return Object.fromEntries(
      Object.entries(this.stack.settings).flatMap(([name, value]) =>
        through(name, value) === value ? [] : [[name, through(name, value)]],
      ),
    );
  }

  /** Lets everything pass again. */
  async lift(): Promise<void> {
    for (const proxy of this.proxies.values()) await proxy.lift();
  }

  async close(): Promise<void> {
    for (const proxy of this.proxies.values()) await proxy.close();
  }
}

const portsOf = ({ azurite, broker, dataverse, postgres }: Stack): ReadonlyMap<Route, number> =>
  new Map<Route, number>([
    ['tables', azurite.tablePort],
    ['blobs', azurite.blobPort],
    ['broker', broker.port],
    ['webApi', Number(new URL(dataverse.url).port)],
    ...(postgres === undefined ? [] : [['postgres', postgres.port] as const]),
  ]);

/** A TCP proxy whose connections fail on demand. It knows bytes only: TLS and AMQP pass through it. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is done to the connections, those that are there and those that come. */
export type TcpFault =
  | { readonly kind: 'none' }
  /** Whatever is sent, either way, arrives that many milliseconds later, and up to `jitterMs` more. Order is kept. */
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs: number }
  /** After so many bytes of answers both sides are told that the connection was reset (RST). */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** After so many bytes of answers the connection ends as if on purpose (FIN), in the middle of an answer or not. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The same, but the client hears of the end that many milliseconds later: until then the answer just stops. */
  | { readonly kind: 'slow-close'; readonly afterBytes: number; readonly ms: number }
  /** Connections are accepted and stay open, and nothing passes any more. When the fault is lifted they are reset. */
  | { readonly kind: 'half-open' }
  /** Connections are refused; those that are there are reset. */
  | { readonly kind: 'down' };

/** The kinds of faults. */
export type TcpFaultKind = Exclude<TcpFault['kind'], 'none'>;

const NONE: TcpFault = { kind: 'none' };

/** How long to try to listen again at a port: another connection of the machine may have it for a moment. */
const LISTEN_LIMIT_MS = 10_000;

/** Between a client and a service on this machine. */
export class TcpProxy {
  /** How often a connection met a fault: was delayed, cut, reset or silenced. Those that were refused are not counted. */
  met = 0;
  #fault: TcpFault = NONE;
  #server: Server | undefined;
  #port = 0;
  readonly #pairs = new Set<Pair>();

  private constructor(
    private readonly upstreamPort: number,
    private readonly random: () => number,
  ) {}

  /** Listens at a free port. `random`: numbers from 0 to 1, for the jitter. */
  static async open(upstreamPort: number, random: () => number = Math.random): Promise<TcpProxy> {
    const proxy = new TcpProxy(upstreamPort, random);
    await proxy.#listen();
    return proxy;
  }

  /** Where clients connect to, up or down. */
  get port(): number {
    return this.#port;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Makes the connections fail so from now on, in place of the fault before. */
  async set(fault: TcpFault): Promise<void> {
    const before = this.#fault;
    this.#fault = fault;
    if (before.kind === 'half-open') this.#reset();
    if (fault.kind === 'down') {
      this.met += this.#pairs.size;
      this.#reset();
      await this.#unlisten();
      return;
    }
    if (before.kind === 'down') await this.#listen();
    for (const pair of this.#pairs) pair.begin(fault);
  }

  /** Lets everything pass again. */
  lift(): Promise<void> {
    return this.set(NONE);
  }

  async close(): Promise<void> {
    this.#reset();
    await this.#unlisten();
  }

  #reset(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  async #listen(): Promise<void> {
    for (const limit = performance.now() + LISTEN_LIMIT_MS; ;) {
      try {
        this.#server = await listening(this.#port, (client) => this.#accept(client));
        this.#port = (this.#server.address() as AddressInfo).port;
        return;
      } catch (error) {
        if (performance.now() > limit) throw error;
        await sleep(50);
      }
    }
  }

  async #unlisten(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    const upstream = connect({ port: this.upstreamPort, host: '127.0.0.1', allowHalfOpen: true });
    const pair = new Pair(client, upstream, this.random, () => (this.met += 1));
    this.#pairs.add(pair);
    pair.begin(this.#fault);
    void pair.closed.then(() => this.#pairs.delete(pair));
  }
}

function listening(port: number, accept: (client: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, accept);
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** One client's connection and its continuation to the service. */
class Pair {
  readonly closed: Promise<void>;
  #fault: TcpFault = NONE;
  #answered = 0;
  #met = false;
  #broken = false;

  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    private readonly random: () => number,
    private readonly onMet: () => void,
  ) {
    for (const socket of [client, upstream]) socket.setNoDelay(true);
    this.closed = Promise.all([client, upstream].map(closing)).then(() => undefined);
    this.#pump(client, upstream, () => true);
    this.#pump(upstream, client, (chunk) => this.#passes(chunk));
  }

  /** Fails so from now on; bytes are counted from now on. */
  begin(fault: TcpFault): void {
    this.#fault = fault;
    this.#answered = 0;
    this.#met = false;
  }

  reset(): void {
    this.#broken = true;
    this.client.resetAndDestroy();
    this.upstream.resetAndDestroy();
  }

  /** Passes on what comes, later where there is latency; a side that ends or breaks has the other do the same, after what is under way. */
  #pump(from: Socket, to: Socket, passes: (chunk: Buffer) => boolean): void {
    let due = 0;
    let last: Promise<void> = Promise.resolve();
    const later = (action: () => void): void => {
      due = Math.max(due, performance.now() + this.#delay());
      const wait = due - performance.now();
      last = wait <= 0 ? last.then(action) : last.then(() => sleep(Math.max(0, due - performance.now()))).then(action);
    };
    from.on('data', (chunk: Buffer) => {
      if (this.#broken || this.#isSilent() || !passes(chunk)) return;
      later(() => {
        if (!to.destroyed) to.write(chunk);
      });
    });
    from.on('end', () => {
      if (!this.#broken && !this.#isSilent()) later(() => void to.end());
    });
    from.on('error', () => undefined);
    from.on('close', (failed) => {
      if (this.#broken || this.#isSilent()) return;
      later(() => {
        if (failed) to.resetAndDestroy();
        else to.end();
      });
    });
  }

  #delay(): number {
    if (this.#fault.kind !== 'latency') return 0;
    this.#meet();
    return this.#fault.ms + this.random() * this.#fault.jitterMs;
  }

  #isSilent(): boolean {
    if (this.#fault.kind !== 'half-open') return false;
    this.#meet();
    return true;
  }

  /** Whether a piece of an answer passes whole; if not, what may pass does, and the connection ends as the fault says. */
  #passes(chunk: Buffer): boolean {
    const fault = this.#fault;
    if (fault.kind !== 'reset' && fault.kind !== 'cut' && fault.kind !== 'slow-close') return true;
    const left = fault.afterBytes - this.#answered;
    this.#answered += chunk.length;
    if (chunk.length <= left) return true;
    this.#meet();
    this.#broken = true;
    if (left > 0) this.client.write(chunk.subarray(0, left));
    void this.#end(fault);
    return false;
  }

  async #end(fault: Extract<TcpFault, { readonly kind: 'reset' | 'cut' | 'slow-close' }>): Promise<void> {
    this.upstream.destroy();
    if (fault.kind === 'slow-close') await sleep(fault.ms);
    // What was written has to be on its way before a reset takes it back.
    else if (fault.kind === 'reset') await sleep(1);
    if (fault.kind === 'reset') this.client.resetAndDestroy();
    else this.client.destroySoon();
  }

  #meet(): void {
    if (this.#met) return;
    this.#met = true;
    this.onMet();
  }
}

const closing = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.once('close', () => resolve()));

import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is before an app that is scaled out: requests go to its instances in turn. */
export class LoadBalancer {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server = createServer((request, response) => this.#pass(request, response));
  #turn = 0;

  private constructor(private readonly ports: () => readonly number[]) {}

  /** Listens at a free port. `ports`: where the instances listen. */
  static async open(ports: () => readonly number[]): Promise<LoadBalancer> {
    const front = new LoadBalancer(ports);
    await once(front.#server.listen(0, '127.0.0.1'), 'listening');
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    this.#agent.destroy();
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const ports = this.ports();
    const port = ports[(this.#turn += 1) % ports.length];
    const { method, url: path, headers } = incoming;
    const passed = httpRequest({ agent: this.#agent, host: '127.0.0.1', port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(outgoing);
    });
    // An instance that is dead, or dies meanwhile.
    passed.once('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()));
    incoming.pipe(passed);
  }
}

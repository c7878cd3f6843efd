/**
 * A proxy before PostgreSQL that understands its protocol: it has each statement looked at before it is carried out, and after that
 * before it is answered. https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A statement as a client sends it. */
export interface Statement {
  readonly text: string;
  /** As they are sent. */
  readonly parameters: Buffer;
}

/** Who looks at the statements. */
export interface StatementWitness {
  /** Before a statement is passed on. False: it isn't, and its connection breaks. */
  asked(statement: Statement): boolean;
  /** Before the answer is given of one that has changed rows. False: it isn't, and its connection breaks. */
  changed(statement: Statement): boolean;
}

/** Between clients and PostgreSQL. */
export class PostgresProxy {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  private constructor(upstreamPort: number, witness: StatementWitness) {
    this.#server = createServer((client) => {
      this.#clients.add(client);
      client.once('close', () => this.#clients.delete(client));
      passBetween(client, connect(upstreamPort, '127.0.0.1'), witness);
    });
  }

  /** Listens at a free port. */
  static async open(upstreamPort: number, witness: StatementWitness): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(upstreamPort, witness);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }
}

/** One connection: what is sent is passed on up to each Sync, what is answered up to each ReadyForQuery. */
function passBetween(client: Socket, upstream: Socket, witness: StatementWitness): void {
  for (const socket of [client, upstream]) socket.setNoDelay(true).on('error', () => undefined);
  client.on('close', () => upstream.destroy());
  upstream.on('close', (failed) => (failed ? client.resetAndDestroy() : client.destroySoon()));
  const breakOff = (): void => {
    client.destroy();
    upstream.destroy();
  };

  const texts = new Map<string, string>();
  /** Sent and not answered. */
  const open: Statement[] = [];
  let [sent, statement]: [Buffer[], Statement | undefined] = [[], undefined];
  const requests = new Messages(false);
  client.on('data', (chunk: Buffer) => {
    for (const message of requests.take(chunk)) {
      sent.push(message.bytes);
      const [first = '', second = ''] = message.bytes.toString('latin1', 5, 5 + NAMES).split('\0', 2);
      if (message.type === PARSE) texts.set(first, textAfter(message.bytes, 5 + first.length + 1));
      if (message.type === BIND) statement = { text: texts.get(second) ?? '', parameters: message.bytes };
      if (message.type === QUERY) statement = { text: textAfter(message.bytes, 5), parameters: NONE };
      if (WITHIN.has(message.type)) continue;
      if (statement !== undefined) {
        if (!witness.asked(statement)) {
          breakOff();
          return;
        }
        open.push(statement);
      }
      upstream.write(Buffer.concat(sent));
      [sent, statement] = [[], undefined];
    }
  });

  let [answer, changes]: [Buffer[], boolean] = [[], false];
  const answers = new Messages(true);
  upstream.on('data', (chunk: Buffer) => {
    for (const message of answers.take(chunk)) {
      answer.push(message.bytes);
      const [asked] = open;
      if (message.type === DATA_ROW && isWrite(asked) && firstColumnIsThere(message.bytes)) changes = true;
      const tag = message.type === COMMAND_COMPLETE ? textAfter(message.bytes, 5) : '';
      if (/^(?:INSERT|UPDATE) .*\b[1-9]\d*$/.test(tag)) changes = true;
      if (asked !== undefined && message.type !== READY) continue;
      open.shift();
      if (asked !== undefined && changes && !witness.changed(asked)) {
        breakOff();
        return;
      }
      client.write(Buffer.concat(answer));
      [answer, changes] = [[], false];
    }
  });
}

const [PARSE, BIND, QUERY, COMMAND_COMPLETE, DATA_ROW, READY] = ['P', 'B', 'Q', 'C', 'D', 'Z'];
/** Parse, Bind, Describe, Execute, Close: a Sync comes after them. */
const WITHIN: ReadonlySet<string> = new Set('PBDEC');
const NONE = Buffer.alloc(0);
/** Enough for the names of a portal and a statement: an identifier has 63 bytes. */
const NAMES = 130;

/** One that tells in a row which rows it has written: its command is SELECT, and its first column null where it wrote none. */
const isWrite = (asked: Statement | undefined): boolean =>
  asked !== undefined && /\bas \((?:insert|update) /.test(asked.text);
const firstColumnIsThere = (row: Buffer): boolean => row.readInt16BE(5) > 0 && row.readInt32BE(7) >= 0;

const textAfter = (bytes: Buffer, from: number): string => bytes.toString('utf8', from, bytes.indexOf(0, from));

interface Message {
  /** Empty of the first one that a client sends. */
  readonly type: string;
  readonly bytes: Buffer;
}

/** Cuts what comes into messages: a type, unless it is the first one of a client, a length, and as many bytes. */
class Messages {
  #rest: Buffer = NONE;

  constructor(private typed: boolean) {}

  *take(chunk: Buffer): Generator<Message> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const lengthAt = this.typed ? 1 : 0;
      if (this.#rest.length < lengthAt + 4) return;
      const end = lengthAt + this.#rest.readInt32BE(lengthAt);
      if (this.#rest.length < end) return;
      const bytes = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      const type = bytes.toString('latin1', 0, lengthAt);
      this.typed = true;
      yield { type, bytes };
    }
  }
}

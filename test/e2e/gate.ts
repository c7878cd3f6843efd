/** A gate before a port of this machine, to have a service away and back without losing what it keeps. */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

export interface Gate {
  readonly port: number;
  /** Cuts off all connections and any new one, as a service that is away does. */
  shut(): void;
  open(): void;
  close(): Promise<void>;
}

/** Listens before a port; open. */
export async function startGate(to: number): Promise<Gate> {
  let isOpen = true;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((socket) => {
    if (!isOpen) return void socket.destroy();
    const target = connect(to, '127.0.0.1');
    keep(socket);
    keep(target);
    socket.pipe(target).pipe(socket);
    socket.once('close', () => target.destroy());
    target.once('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const shut = (): void => {
    isOpen = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    shut,
    open: () => void (isOpen = true),
    close: async () => {
      shut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

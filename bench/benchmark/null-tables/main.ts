/** The null table service as a process: tells its parent its port and ends with it. */
import type { AddressInfo } from 'node:net';
import { nullTables } from './server';

const server = nullTables();
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());

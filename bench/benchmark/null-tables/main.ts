/**
 * The null table service as a process: tells its parent its port and, with TLS, the file of its certificate; ends with it.
 *
 * Arguments: how long each request waits, in milliseconds; `tls` for HTTPS.
 */
import type { AddressInfo } from 'node:net';
import { makeCertificate } from '../../../local/dataverse/web-api/certificate';
import { nullTables } from './server';
import type { Listening } from './start';

const [, , latency, protocol] = process.argv;

async function main(): Promise<void> {
  const certificate = protocol === 'tls' ? await makeCertificate('127.0.0.1', undefined, 'Null tables') : undefined;
  const server = nullTables({
    latencyMs: Number(latency),
    ...(certificate === undefined ? {} : { tls: { key: certificate.key, cert: certificate.certificate } }),
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    const listening: Listening = { port, ...(certificate === undefined ? {} : { certificate: certificate.path }) };
    process.send?.(listening);
  });
  process.once('disconnect', () => process.exit());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

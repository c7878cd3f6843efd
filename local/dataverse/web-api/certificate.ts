import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A key and its self-signed certificate, the latter also as a file. */
export interface ServerCertificate {
  readonly key: string;
  readonly certificate: string;
  /** PEM file for NODE_EXTRA_CA_CERTS. */
  readonly path: string;
}

/**
 * Makes a certificate for a server on this machine, written below a directory (a new temporary one by default). Of two that
 * are trusted together each needs a name of its own.
 */
export async function makeCertificate(
  host: string,
  directory = mkdtempSync(join(tmpdir(), 'dataverse-')),
  name = 'Dataverse on this machine',
): Promise<ServerCertificate> {
  const pems = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          ...(/^[\d.]+$/.test(host) && host !== '127.0.0.1' ? [{ type: 7 as const, ip: host }] : []),
        ],
      },
    ],
  });
  const path = join(directory, 'dataverse.pem');
  writeFileSync(path, pems.cert);
  return { key: pems.private, certificate: pems.cert, path };
}

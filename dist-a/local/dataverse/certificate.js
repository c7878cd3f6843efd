"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.makeCertificate = makeCertificate;
const node_fs_1 = require("node:fs");
const node_os_1 = require("node:os");
const node_path_1 = require("node:path");
const selfsigned_1 = require("selfsigned");
/** Makes a certificate for a server on this machine, written below a directory (a new temporary one by default). */
async function makeCertificate(host, directory = (0, node_fs_1.mkdtempSync)((0, node_path_1.join)((0, node_os_1.tmpdir)(), 'dataverse-'))) {
    const pems = await (0, selfsigned_1.generate)([{ name: 'commonName', value: 'Dataverse on this machine' }], {
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
                    ...(/^[\d.]+$/.test(host) && host !== '127.0.0.1' ? [{ type: 7, ip: host }] : []),
                ],
            },
        ],
    });
    const path = (0, node_path_1.join)(directory, 'dataverse.pem');
    (0, node_fs_1.writeFileSync)(path, pems.cert);
    return { key: pems.private, certificate: pems.cert, path };
}
//# sourceMappingURL=certificate.js.map
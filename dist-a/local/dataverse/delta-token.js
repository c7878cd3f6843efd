"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.expiredToken = exports.encodeDeltaToken = void 0;
exports.writeDeltaToken = writeDeltaToken;
exports.readDeltaToken = readDeltaToken;
const dataverse_error_1 = require("./dataverse-error");
const two = (value) => String(value).padStart(2, '0');
/** The token's text: `919042!08/22/2017 08:10:44`. */
function writeDeltaToken(token) {
    const at = new Date(token.issuedAt);
    const day = `${two(at.getUTCMonth() + 1)}/${two(at.getUTCDate())}/${at.getUTCFullYear()}`;
    return `${token.version}!${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}
/** URL-encoded as the platform does it, in lower case: `919042%2108%2f22%2f2017%2008%3a10%3a44`. */
const encodeDeltaToken = (text) => encodeURIComponent(text)
    .replaceAll('!', '%21')
    .replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
exports.encodeDeltaToken = encodeDeltaToken;
/** Reads a token; throws when it is none. */
function readDeltaToken(text) {
    const [, version, month, day, year, time] = /^(\d+)!(\d\d)\/(\d\d)\/(\d{4}) (\d\d:\d\d:\d\d)$/.exec(text) ?? [];
    if (version === undefined) {
        throw new dataverse_error_1.DataverseError(400, '0x80040203', `The delta token '${text}' is not valid.`);
    }
    return { version: BigInt(version), issuedAt: Date.parse(`${year}-${month}-${day}T${time}Z`) };
}
/**
 * The answer to a token that is too old. The platform's documents name code and message, none the HTTP status: 400, as for
 * other faults of the organisation service, is assumed.
 */
const expiredToken = () => new dataverse_error_1.DataverseError(400, '0x80044352', 'Version stamp associated with the client has expired. Please perform a full sync.');
exports.expiredToken = expiredToken;
//# sourceMappingURL=delta-token.js.map
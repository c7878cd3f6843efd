"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.tokenKey = void 0;
exports.newLockToken = newLockToken;
const node_crypto_1 = require("node:crypto");
const DOTNET_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
/** A fresh, random token. */
function newLockToken() {
    const uuid = (0, node_crypto_1.randomBytes)(16);
    return { key: (0, exports.tokenKey)(uuid), uuid, tag: Buffer.from(DOTNET_ORDER.map((from) => uuid.readUInt8(from))) };
}
/** The key of a token that came through `$management`. */
const tokenKey = (uuid) => uuid.toString('hex');
exports.tokenKey = tokenKey;
//# sourceMappingURL=lock-token.js.map
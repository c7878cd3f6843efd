"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.keyMatches = keyMatches;
const node_crypto_1 = require("node:crypto");
const digest = (text) => (0, node_crypto_1.createHash)('sha256').update(text).digest();
/**
 * Whether any of the keys offered is one of the keys allowed, in time that depends on neither: digests of equal length
 * are compared, all of them, always.
 */
function keyMatches(offered, allowed) {
    let matches = false;
    for (const candidate of offered) {
        const candidateDigest = digest(candidate);
        for (const key of allowed) {
            if ((0, node_crypto_1.timingSafeEqual)(candidateDigest, digest(key)))
                matches = true;
        }
    }
    return matches;
}
//# sourceMappingURL=webhook-key.js.map
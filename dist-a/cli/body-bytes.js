"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.bodyBytes = void 0;
/**
 * A message's body as bytes, as the Azure SDKs give it unparsed: anything that isn't bytes came in another section of
 * AMQP than Dataverse uses.
 */
const bodyBytes = (body) => body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? null));
exports.bodyBytes = bodyBytes;
//# sourceMappingURL=body-bytes.js.map
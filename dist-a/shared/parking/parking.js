"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MAX_PARKED_BYTES = void 0;
/** Largest body that every parking can hold, in bytes: well above what Dataverse sends (256 KB at most). */
exports.MAX_PARKED_BYTES = 640 * 1024;
//# sourceMappingURL=parking.js.map
"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ceilInstant = exports.floorInstant = exports.BEGINNING = void 0;
/** Before everything: the `base` and `seen` of a stamp that knows nothing. */
exports.BEGINNING = -1;
/** The last whole second that is not after `epochMs`: for instants that must not claim to be later than they are. */
const floorInstant = (epochMs) => Math.floor(epochMs / 1000);
exports.floorInstant = floorInstant;
/** The first whole second that is not before `epochMs`: for instants that must not claim to be earlier than they are. */
const ceilInstant = (epochMs) => Math.ceil(epochMs / 1000);
exports.ceilInstant = ceilInstant;
//# sourceMappingURL=instant.js.map
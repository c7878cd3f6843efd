"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.NO_VERSION = void 0;
exports.versionFromETag = versionFromETag;
/** The version of a row of which no full read is known. */
exports.NO_VERSION = 0n;
const ETAG = /^(?:W\/)?"(\d{1,19})"$/;
/** Reads the version out of an OData entity tag; undefined when the tag is of another form. */
function versionFromETag(etag) {
    const digits = ETAG.exec(etag)?.[1];
    return digits === undefined ? undefined : BigInt(digits);
}
//# sourceMappingURL=row-version.js.map
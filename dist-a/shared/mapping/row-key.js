"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.keyOf = exports.PLAIN_KEY = void 0;
exports.idOf = idOf;
/** The id as it is. */
exports.PLAIN_KEY = { prefix: '', format: 'D' };
/** The key of a row. The id of a link of two rows is both ids with an underscore between them. */
const keyOf = ({ prefix, format }, id) => prefix + (format === 'N' ? id.replaceAll('-', '') : id);
exports.keyOf = keyOf;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DIGITS = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;
/** The id of the row that has a key; undefined where no row has it in this format. */
function idOf({ prefix, format }, key) {
    if (!key.startsWith(prefix))
        return undefined;
    const parts = key.slice(prefix.length).split('_');
    const ids = format === 'N' ? parts.map((part) => DIGITS.exec(part)?.slice(1).join('-') ?? '') : parts;
    return ids.length <= 2 && ids.every((id) => ID.test(id)) ? ids.join('_') : undefined;
}
//# sourceMappingURL=row-key.js.map
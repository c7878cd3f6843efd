"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.idsOf = idsOf;
exports.itemOf = itemOf;
const terminal_1 = require("./terminal");
/** So many of those that an abbreviation can mean are named. */
const NAMED = 5;
/**
 * The ids that abbreviations mean, each once: an id's beginning, or the beginning of a delivery's hash.
 *
 * @throws UsageError naming every one that means nothing or several
 */
async function idsOf(parking, given) {
    const found = new Set();
    const faults = [];
    for (const text of given) {
        const meant = await meantBy(parking, text);
        const [id, ...others] = meant;
        if (id === undefined)
            faults.push(`nothing is parked under ${text}`);
        else if (others.length === 0)
            found.add(id);
        else
            faults.push(`${text} may be ${meant.slice(0, NAMED).join(', ')}${meant.length > NAMED ? ', ...' : ''}`);
    }
    if (faults.length > 0)
        throw new terminal_1.UsageError(faults.join('; '));
    return [...found];
}
async function meantBy(parking, text) {
    if (text === '')
        return [];
    const ofHash = /^[0-9a-f]+$/i.test(text) ? await beginningWith(parking, `delivery-${text.toLowerCase()}`) : [];
    return ofHash.length > 0 ? ofHash : beginningWith(parking, text);
}
async function beginningWith(parking, beginning) {
    const meant = [];
    for await (const { id } of parking.startingWith(beginning)) {
        // One that is exactly it comes first and is meant, whatever else begins so.
        if (id === beginning)
            return [id];
        meant.push(id);
        if (meant.length > NAMED)
            break;
    }
    return meant;
}
/** An item that was just found, with its body. @throws Error where it has been settled since */
async function itemOf(parking, id) {
    const item = await parking.find(id);
    if (item === undefined)
        throw new Error(`${id} is no longer parked: it was settled meanwhile.`);
    return item;
}
//# sourceMappingURL=parked-ids.js.map
"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.formattedValue = formattedValue;
const value_1 = require("./value");
/** `1234567.5` as `1,234,567.50`: exact, from the digits. */
function grouped(digits, places) {
    const [whole = '', fraction = ''] = digits.split('.');
    const shown = places === undefined ? fraction : fraction.slice(0, places).padEnd(places, '0');
    return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (shown === '' ? '' : `.${shown}`);
}
const two = (value) => String(value).padStart(2, '0');
function offsetText(minutes) {
    // The platform writes a zero offset as -00:00.
    const size = Math.abs(minutes);
    return `${minutes > 0 ? '+' : '-'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
function formattedDate(column, text, form) {
    const ms = Date.parse(text);
    if (form.kind === 'image') {
        const local = column.behavior === 'UserLocal' ? ms + form.utcOffsetMinutes * 60_000 : ms;
        return new Date(local).toISOString().slice(0, 19) + offsetText(form.utcOffsetMinutes);
    }
    const at = new Date(ms);
    const day = `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()}`;
    if (column.behavior === 'DateOnly')
        return day;
    return `${day} ${at.getUTCHours() % 12 || 12}:${two(at.getUTCMinutes())} ${at.getUTCHours() < 12 ? 'AM' : 'PM'}`;
}
/** A value as the platform shows it to a user; undefined for types that have no form of their own (text, ids). */
function formattedValue(column, value, form, nameOf) {
    if (value === null)
        return undefined;
    const digits = (0, value_1.valueText)(value);
    switch (column.type) {
        case 'string':
        case 'memo':
        case 'uniqueidentifier':
            return undefined;
        case 'integer':
        case 'bigint':
            return grouped(digits, undefined);
        case 'double':
        case 'decimal':
            return grouped(digits, column.precision);
        case 'money':
            return digits.startsWith('-') ? `($${grouped(digits.slice(1), 2)})` : `$${grouped(digits, 2)}`;
        case 'boolean':
            return value === true ? (column.yes ?? 'Yes') : (column.no ?? 'No');
        case 'dateTime':
            return formattedDate(column, digits, form);
        case 'choice':
        case 'state':
        case 'status':
            return column.options.find((option) => option.value === value)?.label;
        case 'choices': {
            const values = Array.isArray(value) ? value : [];
            return column.options
                .filter((option) => values.includes(option.value))
                .map((option) => option.label)
                .join('; ');
        }
        case 'lookup':
        case 'customer':
        case 'owner': {
            const reference = (0, value_1.asReference)(value);
            return reference === undefined ? undefined : (nameOf(reference) ?? undefined);
        }
        default:
            return column;
    }
}
//# sourceMappingURL=formatted-value.js.map
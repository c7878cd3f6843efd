"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.dateValueOf = dateValueOf;
exports.isoValueOf = isoValueOf;
exports.operationTimeOf = operationTimeOf;
const JSON_DATE = /^\/Date\((0|-?[1-9]\d{0,14})(?:([+-])(0\d|1[0-4])([0-5]\d))?\)\/$/;
const ISO_DATE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(?:(Z)|([+-])(0\d|1[0-4]):([0-5]\d))?$/;
/** .NET's DateTime.MinValue and MaxValue: nothing outside can be a date. */
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;
/**
 * Reads `/Date(ms)/` and `/Date(ms+hhmm)/`; undefined for all other text. By .NET's rule the milliseconds are UTC and
 * the offset tells only the writer's zone.
 * https://learn.microsoft.com/dotnet/framework/wcf/feature-details/stand-alone-json-serialization#datetime-wire-format
 */
function jsonDateOf(text) {
    const parts = JSON_DATE.exec(text);
    const ms = Number(parts?.[1]);
    // Also false for NaN, that is, without a match.
    if (parts === null || !(ms >= FIRST_MS && ms <= LAST_MS))
        return undefined;
    const sign = parts[2];
    if (sign === undefined)
        return { ms, offsetMinutes: null };
    const minutes = Number(parts[3]) * 60 + Number(parts[4]);
    return { ms, offsetMinutes: sign === '-' && minutes > 0 ? -minutes : minutes };
}
/**
 * A date of a column or parameter; undefined when the text is not exactly what the serialiser writes for a date. A text
 * column may hold the same characters: from an instant they can be written back as they were.
 */
function dateValueOf(text) {
    const date = jsonDateOf(text);
    if (date === undefined)
        return undefined;
    return date.offsetMinutes === null
        ? { kind: 'instant', epochMs: date.ms }
        : { kind: 'offsetTime', epochMs: date.ms, offsetMinutes: date.offsetMinutes };
}
/** Reads an ISO date; undefined for all other text and for days that no calendar has. Parts of a millisecond are left out. */
function isoDateOf(text) {
    const parts = ISO_DATE.exec(text);
    if (parts === null)
        return undefined;
    const seconds = parts[1] ?? '';
    const whole = Date.parse(`${seconds}Z`);
    // Date.parse takes February 30 for March 2.
    if (Number.isNaN(whole) || new Date(whole).toISOString().slice(0, 19) !== seconds)
        return undefined;
    const wallMs = whole + Number((parts[2] ?? '').slice(0, 3).padEnd(3, '0'));
    if (wallMs < FIRST_MS)
        return undefined;
    if (parts[3] !== undefined)
        return { wallMs, offsetMinutes: 0 };
    if (parts[4] === undefined)
        return { wallMs, offsetMinutes: null };
    const minutes = Number(parts[5]) * 60 + Number(parts[6]);
    return { wallMs, offsetMinutes: parts[4] === '-' ? -minutes : minutes };
}
/**
 * A date of the XML forms, which keep .NET's DateTimeKind: `Z` or an offset makes it an instant, neither a wall time.
 * Undefined when the text is no date. https://learn.microsoft.com/dotnet/api/system.xml.xmldatetimeserializationmode
 */
function isoValueOf(text) {
    const date = isoDateOf(text);
    if (date === undefined)
        return undefined;
    if (date.offsetMinutes === null)
        return { kind: 'wallTime', text: new Date(date.wallMs).toISOString().slice(0, -1) };
    return { kind: 'instant', epochMs: date.wallMs - date.offsetMinutes * 60_000 };
}
/**
 * The true instant of OperationCreatedOn; undefined when the text is no date.
 *
 * An asynchronous step's time comes from its system job: it is UTC, but was read back without its kind and is written
 * as if it were the server's local time. So the milliseconds are early by the offset that follows them, and the true
 * instant is their sum. Captures of servers at +03:00, +02:00 and -07:00 agree with Target's modifiedon only so. A
 * synchronous step's time carries no offset.
 *
 * The XML forms, and contexts that a plug-in wrote with its own settings, have the same time in ISO form: without a zone
 * where it is UTC.
 */
function operationTimeOf(text, asynchronous) {
    const date = jsonDateOf(text);
    if (date !== undefined) {
        const trap = asynchronous ? (date.offsetMinutes ?? 0) * 60_000 : 0;
        return { epochMs: date.ms + trap, offsetMinutes: date.offsetMinutes };
    }
    const iso = isoDateOf(text);
    if (iso === undefined)
        return undefined;
    return { epochMs: iso.wallMs - (iso.offsetMinutes ?? 0) * 60_000, offsetMinutes: null };
}
//# sourceMappingURL=wire-date.js.map
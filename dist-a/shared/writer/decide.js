"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.decide = decide;
exports.settleByReadBack = settleByReadBack;
exports.readLags = readLags;
exports.applyUnproven = applyUnproven;
/**
 * The deciding rule: what a change does to a stored row. Pure; the table in docs/deciding.md says the same in words.
 *
 * A push needs proof to be applied (a push skipped wrongly is healed by the next pull), a pulled fact needs proof to be
 * skipped (its version may already be below the change-tracking token, so nothing would bring it again). Where neither
 * is provable the row is read back, and that read is proof only under the entity tag that was read before it was sent.
 */
const instant_1 = require("../change/instant");
const row_version_1 = require("../change/row-version");
const stamp_1 = require("./stamp");
const SKIP = {
    duplicate: { kind: 'skip', verdict: 'duplicate' },
    stale: { kind: 'skip', verdict: 'stale' },
    contained: { kind: 'skip', verdict: 'contained' },
};
const READ_BACK = { kind: 'readBack' };
/**
 * Decides one change against what is stored of its row (undefined: nothing, not even a tombstone). `floor`: every row
 * that was deleted before this instant is known to be gone or never was stored (see LoadFloors), so that an image dated
 * after it can't be a ghost's.
 */
function decide(stored, change, rule, floor = Number.POSITIVE_INFINITY) {
    switch (change.evidence.kind) {
        case 'hint':
            return READ_BACK;
        case 'event':
            return decideEvent(stored, change, change.evidence, rule, floor);
        case 'pull':
            return decidePull(stored, change, change.evidence, rule);
        default:
            return change.evidence;
    }
}
function decideEvent(stored, change, { key, at, sure }, rule, floor) {
    const stamp = stored?.stamp;
    if (stamp?.ring.includes(key))
        return SKIP.duplicate;
    if (change.kind === 'delete') {
        if (stamp === undefined)
            return tombstone(stamp_1.NO_STAMP, { base: instant_1.BEGINNING, seen: at }, [key]);
        // Touching moves the entity tag, so that an older read-back still under way can't land on the tombstone.
        return stamp.gone ? touch(stamp, stamp.seen, [key]) : READ_BACK;
    }
    if (stamp === undefined) {
        if (change.kind !== 'snapshot' || !sure || at <= floor)
            return READ_BACK;
        return write('replaced', 'snapshot', { ...stamp_1.NO_STAMP, base: at, seen: at, ahead: true, ring: [key] });
    }
    if (at < stamp.base)
        return SKIP.stale;
    if (stamp.gone || !sure || at <= stamp.seen)
        return READ_BACK;
    if (stored?.hidden === true && change.kind === 'patch')
        return READ_BACK;
    // Two pushes on top of one read are in order only if modifiedon never goes back; that holds for images as for patches.
    if (rule.mode === 'strict' && stamp.ahead)
        return READ_BACK;
    if (change.kind === 'snapshot') {
        return write('replaced', 'snapshot', {
            ...stamp,
            base: at,
            seen: at,
            ahead: true,
            ring: (0, stamp_1.withKeys)(stamp.ring, [key]),
        });
    }
    return write('merged', 'patch', { ...stamp, seen: at, ahead: true, ring: (0, stamp_1.withKeys)(stamp.ring, [key]) });
}
function decidePull(stored, change, evidence, rule) {
    const { version, modifiedOn, runBegin, end, holdsLease } = evidence;
    if (change.kind === 'delete') {
        const window = { base: runBegin - rule.margin, seen: end };
        if (stored === undefined)
            return tombstone(stamp_1.NO_STAMP, window, []);
        if (stored.stamp.gone)
            return touch(stored.stamp, Math.max(stored.stamp.seen, end), []);
        return writtenBefore(stored, runBegin, rule) ? tombstone(stored.stamp, window, []) : READ_BACK;
    }
    const read = { version, modifiedOn, begin: runBegin, end };
    // A run that lost its lease may hold pages older than a delete that was since forgotten by everyone.
    if (stored === undefined)
        return holdsLease() ? apply(stamp_1.NO_STAMP, read, [], rule) : READ_BACK;
    const { stamp } = stored;
    if (version === stamp.version && !stamp.gone && holdsLease() && stored.sameData() === false) {
        // The same state of the row, in other columns: those that are kept, or their types, have changed since. Or a push was
        // merged on top of it; then the page is at least as new only if all of that was written before the run began. A run that
        // lost its lease may be the one with the columns of before.
        if (stamp.ahead && !writtenBefore(stored, runBegin, rule))
            return READ_BACK;
        return { ...apply(stamp, read, [], rule), verdict: 'refreshed' };
    }
    if (version <= stamp.version)
        return SKIP.contained;
    if (stamp.gone)
        return READ_BACK;
    if (!stamp.ahead || writtenBefore(stored, runBegin, rule))
        return apply(stamp, read, [], rule);
    if (rule.mode === 'default' && modifiedOn > stamp.seen)
        return apply(stamp, read, [], rule);
    return stored.sameData() === true ? adopt(stamp, read, rule) : READ_BACK;
}
/**
 * All that is stored was written before the run began, so the page is at least as new (rows only: a superseded run
 * could bring a deleted row back to life).
 */
const writtenBefore = (stored, runBegin, rule) => stored.writtenAt < runBegin - rule.margin;
/**
 * Settles changes by a read-back made under the stored state's entity tag: no comparison at all, since whatever is in
 * the stamp happened before the read was sent. `keys` are those of the committed events it settles (never of hints).
 */
function settleByReadBack(stamp = stamp_1.NO_STAMP, read, keys, rule) {
    if (read.kind === 'found')
        return { ...apply(stamp, read, keys, rule), verdict: 'readBack' };
    return { ...tombstone(stamp, { base: read.begin - rule.margin, seen: read.end }, keys), verdict: 'readBack' };
}
/**
 * So many seconds after an event a read is believed although its modifiedon is older than the event's: no replica lags for
 * that long, and modifiedon itself may have gone back (a longer transaction, an import that sets it).
 */
const LONGEST_LAG = 60;
/**
 * Whether a read-back shows a state older than what is already known, so that it must have been served by a lagging
 * replica. Detects some lag, not all.
 */
function readLags(stamp, read, changes) {
    if (read.kind === 'missing')
        return false;
    if (read.version < (stamp?.version ?? row_version_1.NO_VERSION))
        return true;
    return changes.some(({ evidence }) => evidence.kind === 'event' &&
        evidence.sure &&
        read.modifiedOn < evidence.at &&
        read.begin < evidence.at + LONGEST_LAG);
}
function apply(stamp, read, keys, rule) {
    return write('applied', 'snapshot', {
        version: read.version,
        base: Math.max(read.modifiedOn, read.begin - rule.margin),
        seen: Math.max(stamp.seen, read.modifiedOn, read.end),
        ahead: false,
        gone: false,
        ring: (0, stamp_1.withKeys)(stamp.ring, keys),
    });
}
function adopt(stamp, read, rule) {
    return write('adopted', 'keep', {
        ...stamp,
        version: read.version,
        base: Math.max(stamp.base, read.modifiedOn, read.begin - rule.margin),
        seen: Math.max(stamp.seen, read.modifiedOn, read.end),
    });
}
function tombstone(stamp, window, keys) {
    return write('deleted', 'clear', {
        version: stamp.version,
        base: Math.max(stamp.base, window.base),
        seen: Math.max(stamp.seen, window.seen),
        ahead: false,
        gone: true,
        ring: (0, stamp_1.withKeys)(stamp.ring, keys),
    });
}
const touch = (stamp, seen, keys) => write('touched', 'keep', { ...stamp, seen, ring: (0, stamp_1.withKeys)(stamp.ring, keys) });
const write = (verdict, data, stamp) => ({ kind: 'write', verdict, data, stamp });
/**
 * What an event does where its order can't be proven and there is no Web API to ask: applied as it comes. Converges only
 * if events arrive in order (docs/deciding.md); never for a hint, which may not have happened.
 */
function applyUnproven(stamp = stamp_1.NO_STAMP, { kind, evidence }) {
    if (evidence.kind !== 'event')
        return undefined;
    const { key, at } = evidence;
    if (kind === 'delete')
        return tombstone(stamp, { base: instant_1.BEGINNING, seen: at }, [key]);
    const onTop = kind === 'patch' && !stamp.gone;
    const seen = Math.max(stamp.seen, at);
    const ring = (0, stamp_1.withKeys)(stamp.ring, [key]);
    return write(onTop ? 'merged' : 'replaced', onTop ? 'patch' : 'snapshot', {
        ...stamp,
        seen,
        ahead: true,
        gone: false,
        ring,
    });
}
//# sourceMappingURL=decide.js.map
"use strict";
/**
 * How many requests were let go in the last minutes, by all instances: pure arithmetic on what they share.
 *
 * The platform's window slides. Time is cut into short slots, and what counts is the sum over the slots that the window
 * touches, and one more: it covers clocks that differ by a slot, and requests that are on their way for a while.
 * https://learn.microsoft.com/power-apps/developer/data-platform/api-limits
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.believed = exports.slotMsOf = exports.EMPTY_WINDOW = void 0;
exports.take = take;
/** Slots in a window. */
const SLOTS = 20;
/** Slots that count: one is under way, and one is for clocks that differ. */
const COUNTED = SLOTS + 2;
/** Largest share of the window that either may use: some of it is left for the other, whatever the first one needs. */
const SHARE = { quick: 0.9, patient: 0.8 };
/** Nothing was sent, nobody waits. */
exports.EMPTY_WINDOW = { slots: {}, pausedUntilMs: 0 };
/** Length of a slot in milliseconds: a grant lapses with its slot. */
const slotMsOf = ({ windowMs }) => windowMs / SLOTS;
exports.slotMsOf = slotMsOf;
/**
 * Takes up to `want` requests out of the window. A grant is good until the end of the slot that it was taken in; what isn't
 * used by then is lost.
 */
function take(window, urgency, want, nowMs, limit) {
    const slotMs = (0, exports.slotMsOf)(limit);
    const slot = Math.floor(nowMs / slotMs);
    const counted = countedSlots(window, slot);
    let left = leftOf(counted, urgency, limit);
    if (left < 1) {
        // Slots fall out one by one, the oldest first.
        for (const [index] of counted) {
            const later = counted.filter(([other]) => other > index);
            left = leftOf(later, urgency, limit);
            if (left >= 1)
                return { kind: 'none', untilMs: (index + COUNTED) * slotMs };
        }
        return { kind: 'none', untilMs: (slot + COUNTED) * slotMs };
    }
    const count = Math.min(want, left);
    const taken = { ...window.slots[slot], [urgency]: (window.slots[slot]?.[urgency] ?? 0) + count };
    const slots = { ...Object.fromEntries(counted), [slot]: taken };
    return { kind: 'granted', count, untilMs: (slot + 1) * slotMs, window: { ...window, slots } };
}
/** A time to wait for, or 0 where it lies further ahead than one can: a clock was wrong, which must not stop everyone. */
const believed = (untilMs, nowMs, { windowMs }) => untilMs > nowMs + 2 * windowMs ? 0 : untilMs;
exports.believed = believed;
/** Those that count, the oldest first. A slot that lies further ahead than a clock may be is of a wrong one. */
const countedSlots = ({ slots }, now) => Object.entries(slots)
    .map(([index, counts]) => [Number(index), counts])
    .filter(([index]) => index > now - COUNTED && index <= now + COUNTED)
    .sort(([a], [b]) => a - b);
function leftOf(slots, urgency, { requests }) {
    const sum = (of) => slots.reduce((total, [, counts]) => total + (counts[of] ?? 0), 0);
    const total = sum('quick') + sum('patient');
    return Math.min(requests - total, Math.max(1, Math.floor(requests * SHARE[urgency])) - sum(urgency));
}
//# sourceMappingURL=rate-window.js.map
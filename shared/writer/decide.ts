/**
 * The deciding rule: what a change does to a stored row. Pure; docs/how-it-works.md#decision-table says the same in words.
 *
 * A push needs proof to be applied (a push skipped wrongly is healed by the next pull), a pulled fact needs proof to be
 * skipped (its version may already be below the change-tracking token, so nothing would bring it again). Where neither
 * is provable the row is read back, and that read is proof only under the entity tag that was read before it was sent.
 */
import { BEGINNING, type Instant } from '../change/instant';
import type { DeliveryKey, RowChange } from '../change/row-change';
import { NO_VERSION, type RowVersion } from '../change/row-version';
import { NO_STAMP, withKeys, type Stamp } from '../lob/stamp';
import type { DataEffect } from '../lob/store';

/** Every verdict. */
export const VERDICTS = [
  'applied',
  'refreshed',
  'merged',
  'replaced',
  'deleted',
  'adopted',
  'touched',
  'duplicate',
  'stale',
  'contained',
  'readBack',
] as const;

/** How a change was processed; every change gets exactly one, and they are counted. */
export type Verdict = (typeof VERDICTS)[number];

/** What to do about a change. */
export type Decision =
  | { readonly kind: 'skip'; readonly verdict: 'duplicate' | 'stale' | 'contained' }
  | {
      readonly kind: 'write';
      readonly verdict: Verdict;
      readonly data: DataEffect;
      readonly stamp: Stamp;
      /** Right only while the run that read the change holds its lease: it must not be sent later. */
      readonly leased?: true;
    }
  | { readonly kind: 'readBack' };

/** Fixed parameters of the rule. */
export interface Rule {
  /** Allowance for a commit after its `modifiedon` and for clock skew, in seconds. Too small only delays until a pull. */
  readonly margin: number;
  /** `strict`: no reader sees a column go back even when `modifiedon` itself goes back; costs more read-backs. */
  readonly mode: 'default' | 'strict';
}

/** The stored row as the rule sees it. */
export interface StoredState {
  readonly stamp: Stamp;
  /** The row is live, but its columns aren't stored (the mapping's filter hides it): nothing can be merged into it. */
  readonly hidden: boolean;
  /** When the stamp was last written, in the store's clock. */
  readonly writtenAt: Instant;
  /** Whether the stored columns equal the change's, undefined where that isn't known; asked only where the rule needs it. */
  readonly sameData: () => boolean | undefined;
}

/** A row read back by its id: the snapshot's version and modifiedon, or that there is none. */
export type ReadBack =
  | {
      readonly kind: 'found';
      readonly version: RowVersion;
      readonly modifiedOn: Instant;
      readonly begin: Instant;
      readonly end: Instant;
    }
  | { readonly kind: 'missing'; readonly begin: Instant; readonly end: Instant };

const SKIP = {
  duplicate: { kind: 'skip', verdict: 'duplicate' },
  stale: { kind: 'skip', verdict: 'stale' },
  contained: { kind: 'skip', verdict: 'contained' },
} as const satisfies Record<string, Decision>;

const READ_BACK: Decision = { kind: 'readBack' };

type WriteDecision = Extract<Decision, { kind: 'write' }>;

/**
 * Decides one change against what is stored of its row (undefined: nothing, not even a tombstone). `ghostFloor`: every
 * row that was deleted before this instant is known to be deleted or never was stored (see GhostFloors), so that an image dated
 * after it can't be a ghost's.
 */
export function decide(
  stored: StoredState | undefined,
  change: RowChange,
  rule: Rule,
  ghostFloor: Instant = Number.POSITIVE_INFINITY,
): Decision {
  switch (change.evidence.kind) {
    case 'unconfirmed':
      return READ_BACK;
    case 'event':
      return decideEvent(stored, change, change.evidence, rule, ghostFloor);
    case 'pull':
      return decidePull(stored, change, change.evidence, rule);
    default:
      return change.evidence satisfies never;
  }
}

type EventEvidence = Extract<RowChange['evidence'], { kind: 'event' }>;
type PullEvidence = Extract<RowChange['evidence'], { kind: 'pull' }>;

function decideEvent(
  stored: StoredState | undefined,
  change: RowChange,
  { key, at, isTrusted }: EventEvidence,
  rule: Rule,
  ghostFloor: Instant,
): Decision {
  const stamp = stored?.stamp;
  if (stamp?.recentKeys.includes(key)) return SKIP.duplicate;
  if (change.kind === 'delete') {
    if (stamp === undefined) return tombstone(NO_STAMP, { knownUntil: BEGINNING, latestKnown: at }, [key]);
    // Touching moves the entity tag, so that an older read-back still under way can't land on the tombstone.
    return stamp.deleted ? touch(stamp, stamp.latestKnown, [key]) : READ_BACK;
  }
  if (stamp === undefined) {
    if (change.kind !== 'snapshot' || !isTrusted || at <= ghostFloor) return READ_BACK;
    return write('replaced', 'snapshot', {
      ...NO_STAMP,
      knownUntil: at,
      latestKnown: at,
      hasPushOnTop: true,
      recentKeys: [key],
    });
  }
  if (at < stamp.knownUntil) return SKIP.stale;
  if (stamp.deleted || !isTrusted || at <= stamp.latestKnown) return READ_BACK;
  if (stored?.hidden === true && change.kind === 'patch') return READ_BACK;
  // Two pushes on top of one read are in order only if modifiedon never goes back; that holds for images as for patches.
  if (rule.mode === 'strict' && stamp.hasPushOnTop) return READ_BACK;
  if (change.kind === 'snapshot') {
    return write('replaced', 'snapshot', {
      ...stamp,
      knownUntil: at,
      latestKnown: at,
      hasPushOnTop: true,
      recentKeys: withKeys(stamp.recentKeys, [key]),
    });
  }
  return write('merged', 'patch', {
    ...stamp,
    latestKnown: at,
    hasPushOnTop: true,
    recentKeys: withKeys(stamp.recentKeys, [key]),
  });
}

/** A run that lost its lease may hold what is older than all that others know by now: what it says is read back. */
function decidePull(stored: StoredState | undefined, change: RowChange, evidence: PullEvidence, rule: Rule): Decision {
  const { version, modifiedOn, runBegin, end, holdsLease } = evidence;
  if (change.kind === 'delete') {
    const window = { knownUntil: runBegin - rule.margin, latestKnown: end };
    if (stored === undefined) return tombstone(NO_STAMP, window, []);
    if (stored.stamp.deleted) return touch(stored.stamp, Math.max(stored.stamp.latestKnown, end), []);
    return writtenBefore(stored, runBegin, rule) && holdsLease()
      ? leased(tombstone(stored.stamp, window, []))
      : READ_BACK;
  }
  const read = { version, modifiedOn, begin: runBegin, end };
  if (stored === undefined) return holdsLease() ? leased(apply(NO_STAMP, read, [], rule)) : READ_BACK;
  const { stamp } = stored;
  if (version === stamp.version && !stamp.deleted && holdsLease() && stored.sameData() === false) {
    // The same state of the row, in other columns: those that are kept, or their types, have changed since. Or a push was
    // merged on top of it; then the page is at least as new only if all of that was written before the run began. (The run
    // without its lease may be the one with the columns of before.)
    if (stamp.hasPushOnTop && !writtenBefore(stored, runBegin, rule)) return READ_BACK;
    return leased({ ...apply(stamp, read, [], rule), verdict: 'refreshed' });
  }
  if (version <= stamp.version) return SKIP.contained;
  if (stamp.deleted) return READ_BACK;
  if (!stamp.hasPushOnTop || writtenBefore(stored, runBegin, rule)) return apply(stamp, read, [], rule);
  if (rule.mode === 'default' && modifiedOn > stamp.latestKnown) return apply(stamp, read, [], rule);
  return stored.sameData() === true ? adopt(stamp, read, rule) : READ_BACK;
}

const leased = (decision: WriteDecision): WriteDecision => ({ ...decision, leased: true });

/**
 * All that is stored was written before the run began, so the page is at least as new (rows only: a superseded run
 * could bring a deleted row back to life).
 */
const writtenBefore = (stored: StoredState, runBegin: Instant, rule: Rule): boolean =>
  stored.writtenAt < runBegin - rule.margin;

/**
 * Processes changes by a read-back made under the stored state's entity tag: no comparison at all, since whatever is in
 * the stamp happened before the read was sent. `keys` are those of the committed events it processes (never of unconfirmed changes).
 */
export function decideByReadBack(
  stamp: Stamp = NO_STAMP,
  read: ReadBack,
  keys: readonly DeliveryKey[],
  rule: Rule,
): WriteDecision {
  if (read.kind === 'found') return { ...apply(stamp, read, keys, rule), verdict: 'readBack' };
  return {
    ...tombstone(stamp, { knownUntil: read.begin - rule.margin, latestKnown: read.end }, keys),
    verdict: 'readBack',
  };
}

/**
 * Whether a row that is neither stored nor there needs no tombstone: where nothing but unconfirmed changes had it read, and none of a deletion.
 * If it was deleted, that was before the ghost floor, or a delta brings it and leaves a tombstone. So notices of made-up ids leave
 * nothing. Events leave their keys, by which they are known when they come again.
 */
export const leavesNoTrace = (stamp: Stamp | undefined, read: ReadBack, changes: readonly RowChange[]): boolean =>
  stamp === undefined &&
  read.kind === 'missing' &&
  changes.every(({ kind, evidence }) => evidence.kind === 'unconfirmed' && kind !== 'delete');

/**
 * So many seconds after an event a read is believed although its modifiedon is older than the event's, or its version than
 * a flow's notice says: no replica lags for that long, and modifiedon itself may have gone back (a longer transaction, an
 * import that sets it), or the notice be wrong.
 */
const LONGEST_LAG = 60;

/**
 * Whether a read-back shows a state older than what is already known, so that it must have been served by a lagging
 * replica. Detects some lag, not all.
 */
export function readLags(stamp: Stamp | undefined, read: ReadBack, changes: readonly RowChange[]): boolean {
  if (read.kind === 'missing') return false;
  if (read.version < (stamp?.version ?? NO_VERSION)) return true;
  const isSoonAfter = (at: Instant): boolean => read.begin < at + LONGEST_LAG;
  return changes.some(({ evidence }) => {
    switch (evidence.kind) {
      case 'event':
        return evidence.isTrusted && read.modifiedOn < evidence.at && isSoonAfter(evidence.at);
      case 'unconfirmed':
        return (
          evidence.atLeast !== undefined && read.version < evidence.atLeast.version && isSoonAfter(evidence.atLeast.at)
        );
      case 'pull':
        // A pulled deletion has no version; the page shows that the row had this one before the read was sent.
        return read.version < evidence.version;
      default:
        return evidence satisfies never;
    }
  });
}

interface FullRead {
  readonly version: RowVersion;
  readonly modifiedOn: Instant;
  readonly begin: Instant;
  readonly end: Instant;
}

function apply(stamp: Stamp, read: FullRead, keys: readonly DeliveryKey[], rule: Rule) {
  return write('applied', 'snapshot', {
    version: read.version,
    knownUntil: Math.max(read.modifiedOn, read.begin - rule.margin),
    latestKnown: Math.max(stamp.latestKnown, read.modifiedOn, read.end),
    hasPushOnTop: false,
    deleted: false,
    recentKeys: withKeys(stamp.recentKeys, keys),
  });
}

function adopt(stamp: Stamp, read: FullRead, rule: Rule) {
  return write('adopted', 'keep', {
    ...stamp,
    version: read.version,
    knownUntil: Math.max(stamp.knownUntil, read.modifiedOn, read.begin - rule.margin),
    latestKnown: Math.max(stamp.latestKnown, read.modifiedOn, read.end),
  });
}

function tombstone(stamp: Stamp, window: { knownUntil: Instant; latestKnown: Instant }, keys: readonly DeliveryKey[]) {
  return write('deleted', 'clear', {
    version: stamp.version,
    knownUntil: Math.max(stamp.knownUntil, window.knownUntil),
    latestKnown: Math.max(stamp.latestKnown, window.latestKnown),
    hasPushOnTop: false,
    deleted: true,
    recentKeys: withKeys(stamp.recentKeys, keys),
  });
}

const touch = (stamp: Stamp, latestKnown: Instant, keys: readonly DeliveryKey[]) =>
  write('touched', 'keep', { ...stamp, latestKnown, recentKeys: withKeys(stamp.recentKeys, keys) });

const write = (verdict: Verdict, data: DataEffect, stamp: Stamp): WriteDecision => ({
  kind: 'write',
  verdict,
  data,
  stamp,
});

/**
 * What an event does where its order can't be proven and there is no Web API to ask: applied as it comes. Converges only
 * if events arrive in order (docs/how-it-works.md#without-a-web-api); never for an unconfirmed change, which may not have happened.
 */
export function applyUnproven(stamp: Stamp = NO_STAMP, { kind, evidence }: RowChange): Decision | undefined {
  if (evidence.kind !== 'event') return undefined;
  const { key, at } = evidence;
  if (kind === 'delete') return tombstone(stamp, { knownUntil: BEGINNING, latestKnown: at }, [key]);
  const onTop = kind === 'patch' && !stamp.deleted;
  return write(onTop ? 'merged' : 'replaced', onTop ? 'patch' : 'snapshot', {
    ...stamp,
    latestKnown: Math.max(stamp.latestKnown, at),
    hasPushOnTop: true,
    deleted: false,
    recentKeys: withKeys(stamp.recentKeys, [key]),
  });
}

/**
 * What shows in Dataverse that something is registered from a declaration: the end of its description. Whoever owns it may
 * change and delete it; nobody else does.
 */
export interface Mark {
  readonly owner: string;
  /** The declaration's name for it. */
  readonly item: string;
  /** Of an endpoint: what can be known of its secret, which can't be read back. */
  readonly secret?: SecretMark;
}

/** What was known of an endpoint's secret when it was written. */
export interface SecretMark {
  readonly fingerprint: string;
  /** When it was written, milliseconds since 1970 by Dataverse's clock: what changed the row later may have changed the secret. */
  readonly writtenMs: number;
}

const MARK =
  /\[dvo owner=([A-Za-z0-9_-]+) item=([A-Za-z0-9_/-]+)(?: secret=([A-Za-z0-9_.-]+) written=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ))?\]\s*$/;

/** A description with a mark at its end. */
export function withMark(description: string | null, { owner, item, secret }: Mark): string {
  const of = secret === undefined ? '' : ` secret=${secret.fingerprint} written=${secondsOf(secret.writtenMs)}`;
  const mark = `[dvo owner=${owner} item=${item}${of}]`;
  return description === null || description === '' ? mark : `${description} ${mark}`;
}

const secondsOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** A description without its mark, and the mark; undefined: it bears none. */
export function readMark(description: string | null): {
  readonly text: string | null;
  readonly mark: Mark | undefined;
} {
  const found = MARK.exec(description ?? '');
  if (found === null || description === null) return { text: description, mark: undefined };
  const [all, owner = '', item = '', fingerprint, written = ''] = found;
  const text = description.slice(0, description.length - all.length).trim();
  const secret = fingerprint === undefined ? {} : { secret: { fingerprint, writtenMs: Date.parse(written) } };
  return { text: text === '' ? null : text, mark: { owner, item, ...secret } };
}

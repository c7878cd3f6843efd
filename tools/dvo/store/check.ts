import { randomBytes, randomUUID } from 'node:crypto';
import { readLobConfig } from '../../../shared/app/config';
import type { ErrorCode } from '../../../shared/errors/codes';
import { codeOf, messageOf } from '../../../shared/errors/errors';
import { HttpTarget, type TargetOutcome, type TargetRequest } from '../../../shared/lob/http/http-target';
import { targetHeaders } from '../../../shared/lob/http/target-headers';
import { environment } from '../../../shared/settings/environment';
import type { HttpTargetConfig } from '../../../shared/settings/http-target';
import { settingsOf, UsageError, type Terminal } from '../terminal/terminal';

/** The table of the row that is tried; a receiver may know it by that name and leave it alone. */
const TABLE = 'dvo-store-check';

interface Trial {
  readonly what: string;
  readonly request: Omit<TargetRequest, 'what' | 'url'>;
  /** Sent with a key that nobody knows. */
  readonly isForged?: true;
  /** How it is to end: outcomes, or codes of errors. */
  readonly wanted: readonly (TargetOutcome | ErrorCode)[];
  /** What it means where it ended otherwise. */
  readonly otherwise: string;
}

function trialsOf({ method, patchMethod, signingKeys }: HttpTargetConfig, key: string): readonly Trial[] {
  const first = Date.now();
  const row = (verb: TargetRequest['method'], version: number, op?: 'snapshot' | 'patch'): Trial['request'] => ({
    method: verb,
    version,
    id: `check-${key}_${version}`,
    ...(op === undefined
      ? {}
      : { body: JSON.stringify({ table: TABLE, key, id: key, op, version, columns: { name: `check ${version}` } }) }),
  });
  const put = (version: number) => row(method, version, 'snapshot');
  return [
    { what: 'stores a row', request: put(first), wanted: ['done'], otherwise: 'it was not stored' },
    {
      what: 'takes the same again',
      request: put(first),
      wanted: ['done', 'superseded'],
      otherwise: 'it is not idempotent',
    },
    {
      what: 'refuses an older version',
      request: put(first - 1),
      wanted: ['superseded'],
      otherwise: 'a late request would undo a newer one',
    },
    {
      what: 'changes columns',
      request: row(patchMethod, first + 1, 'patch'),
      wanted: ['done'],
      otherwise: `set LOB_HTTP__patchMethod to a method that it takes`,
    },
    ...(signingKeys.length === 0
      ? []
      : [
          {
            what: 'refuses a wrong signature',
            request: put(first + 2),
            isForged: true,
            wanted: ['lob-unauthorized', 'lob-refused'],
            otherwise: 'whoever finds the address can write',
          } as const,
        ]),
    { what: 'deletes the row', request: row('DELETE', first + 3), wanted: ['done'], otherwise: 'it was not deleted' },
    {
      what: 'takes the deletion again',
      request: row('DELETE', first + 3),
      wanted: ['done', 'superseded'],
      otherwise: 'it is not idempotent',
    },
    {
      what: 'remembers the version of a deleted row',
      request: put(first + 2),
      wanted: ['superseded'],
      otherwise: 'a late request would bring a deleted row back',
    },
  ];
}

/**
 * Tries a LOB system's REST interface with a row of its own, which is deleted at the end.
 *
 * @throws Error where it doesn't do what the guarantees need
 */
export async function checkTarget(terminal: Terminal, config: HttpTargetConfig): Promise<void> {
  const headers = targetHeaders(config);
  const target = new HttpTarget(config, headers);
  const forger = new HttpTarget({ ...config, signingKeys: [randomBytes(32)] }, headers);
  const key = randomUUID();
  let failed = 0;
  const tell = (what: string, isGood: boolean, why: string): void => {
    if (!isGood) failed += 1;
    terminal.out(`${isGood ? 'ok  ' : 'FAIL'}  ${what}${isGood ? '' : `: ${why}`}\n`);
  };
  const trials = trialsOf(config, key);
  const url = target.addressOf({ table: TABLE, key });
  const ofRow = (request: Trial['request']): TargetRequest => ({
    ...request,
    what: `${request.method} ${TABLE}(${key})`,
    url,
  });
  for (const { what, request, isForged, wanted, otherwise } of trials) {
    const end = await (isForged === true ? forger : target)
      .send(ofRow(request))
      .catch((error: unknown) => ({ code: codeOf(error), text: messageOf(error) }));
    const [code, text] = typeof end === 'string' ? ([end, ''] as const) : ([end.code, ` ${end.text}`] as const);
    const isGood = wanted.includes(code);
    tell(what, isGood, `${otherwise} (${code}).${text}`);
    // Whatever comes after the first request says nothing without it.
    if (!isGood && failed === 1 && what === 'stores a row') break;
  }
  if (target.isBulk && failed === 0) {
    const together = trials.slice(-2);
    const ends = await target.sendAll(together.map(({ request }) => ofRow(request)));
    const isGood = together.every(({ wanted }, at) => wanted.some((one) => one === ends[at]));
    tell('takes both as one request', isGood, 'its answer has to tell of each how it ended');
  }
  if (config.signingKeys.length === 0) terminal.err('Requests are not signed: LOB_HTTP__signingKeys is empty.\n');
  if (failed > 0) throw new Error(`${failed} of the duties in docs/store-http.md are not met`);
}

/** `dvo store check`: whether the LOB system does what the guarantees need. */
export async function check(terminal: Terminal): Promise<void> {
  const [{ place }] = settingsOf(readLobConfig(environment()));
  if (place.kind !== 'http') throw new UsageError('LOB_STORE is not http: only a REST interface is tried');
  await checkTarget(terminal, place.target);
}

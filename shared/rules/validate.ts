import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { Context } from '../context/context';
import { readContext } from '../context/read-context';
import type { ErrorCode } from '../errors/codes';
import { codeOf, messageOf, type OutboundError } from '../errors/errors';
import { readPost, type Posted } from '../receive/read-post';
import { Refusals, type Counted, type Refusal } from '../receive/refusal-count';
import type { Section } from '../settings/environment';
import { logTo, type Log } from '../telemetry/log';
import { RuleUnjudged } from './errors';
import { decisive, judge } from './judge';
import type { Rule } from './rule';
import type { TakenIn } from './unique-in-store';
import { VALIDATE_ENDPOINT, VALIDATE_STATUS, type Unjudged, type ValidateConfig } from './validate-endpoint';

const SOURCE = VALIDATE_ENDPOINT.name;

/** The answer: what Dataverse takes for the whole of it is the status; the rest is for plug-ins, flows and people. */
export interface Verdict {
  readonly allowed: boolean;
  /** Of the rule that refuses, or of the error for which none could be asked. */
  readonly code?: string;
  readonly message?: string;
}

/** What becomes of an operation. */
export type Outcome =
  | { readonly kind: 'allowed' }
  /** Nothing of the request was read. */
  | { readonly kind: 'unread'; readonly refusal: Refusal }
  | { readonly kind: 'refused'; readonly rule: Rule; readonly of: string; readonly context: Context }
  | { readonly kind: 'unjudged'; readonly cause: Counted };

/** What `validate` works with. */
export interface ValidateParts {
  readonly config: Section<ValidateConfig>;
  readonly unjudged: Unjudged;
  /** Asks the store whether values are taken. */
  readonly takenIn: TakenIn;
  readonly refused?: Pick<Refusals, 'count'>;
  readonly notJudged?: Pick<Refusals, 'count'>;
}

/** `validate`: says before Dataverse saves whether it may. It reads nothing of Dataverse, and writes nothing. */
export class Validation {
  readonly #refused: Pick<Refusals, 'count'>;
  readonly #notJudged: Pick<Refusals, 'count'>;

  constructor(private readonly parts: ValidateParts) {
    this.#refused = parts.refused ?? new Refusals(SOURCE, logTo(console));
    this.#notJudged = parts.notJudged ?? new Refusals(SOURCE, logTo(console), 'unjudged');
  }

  /** What becomes of an operation. Nothing is logged or counted of it: the answer may come too late. */
  readonly outcomeOf = async (request: HttpRequest): Promise<Outcome> => {
    const began = performance.now();
    const { config } = this.parts;
    if (!config.ok) return unjudged('not-configured', 'The rules or the settings have faults; see the log of the app.');
    try {
      const posted = await readPost(config.value, request);
      return 'status' in posted ? { kind: 'unread', refusal: posted } : await this.#judge(posted, config.value, began);
    } catch (error) {
      return unjudged(codeOf(error), messageOf(error));
    }
  };

  /** What becomes of one that there was no time for. */
  readonly tookTooLong = ({ code, message }: OutboundError): Outcome => unjudged(code, message);

  /**
   * Answers a synchronous step of Dataverse, or a plug-in or flow. Dataverse looks at the status only: 2xx goes on, any other
   * cancels the operation, and 502, 503 and 504 are tried once more before that.
   * https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
   */
  answerTo(outcome: Outcome, log: Log): HttpResponseInit {
    switch (outcome.kind) {
      case 'allowed':
        return answer(VALIDATE_STATUS.allowed, { allowed: true });
      case 'unread': {
        const { status, code, reason: message } = outcome.refusal;
        this.#refused.count(outcome.refusal);
        return answer(status, { allowed: false, code, message });
      }
      case 'refused': {
        const { rule, of, context } = outcome;
        const { correlationId, message, stage } = context;
        log('ruleRefused', { source: SOURCE, rule: rule.code, of, message, stage, correlationId });
        return answer(VALIDATE_STATUS.refused, { allowed: false, code: rule.code, message: rule.message });
      }
      case 'unjudged': {
        const { code, reason: message } = outcome.cause;
        this.#notJudged.count(outcome.cause);
        const allowed = this.parts.unjudged === 'allow';
        return answer(allowed ? VALIDATE_STATUS.allowed : VALIDATE_STATUS.refused, { allowed, code, message });
      }
      default:
        return outcome satisfies never;
    }
  }

  async #judge(
    { body, contentType, truncated }: Posted,
    { rules, exemptUsers, deadlineMs }: ValidateConfig,
    began: number,
  ): Promise<Outcome> {
    const context = readContext(body, { contentType });
    if (exemptUsers.has(context.initiatingUserId)) return { kind: 'allowed' };
    const limitMs = began + deadlineMs - performance.now();
    const isTaken = this.parts.takenIn(limitMs);
    const decided = decisive(await judge(rules, context, { truncated, limitMs, isTaken }));
    if (decided === undefined) return { kind: 'allowed' };
    const { rule, subject, outcome } = decided;
    if (outcome === 'refuses') return { kind: 'refused', rule, of: subject.name, context };
    const { code, message } = new RuleUnjudged(rule.code, outcome.unknown);
    return unjudged(code, message, rule.code);
  }
}

const unjudged = (code: ErrorCode, reason: string, rule?: string): Outcome => ({
  kind: 'unjudged',
  cause: { code, reason, ...(rule === undefined ? {} : { rule }) },
});

const answer = (status: number, jsonBody: Verdict): HttpResponseInit => ({ status, jsonBody });

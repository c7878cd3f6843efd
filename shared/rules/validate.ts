import type { HttpHandler, HttpResponseInit } from '@azure/functions';
import { readContext } from '../context/read-context';
import type { ErrorCode } from '../errors/codes';
import { codeOf, messageOf, type OutboundError } from '../errors/errors';
import { readPost, type Posted } from '../receive/read-post';
import { Refusals } from '../receive/refusal-count';
import type { Section } from '../settings/environment';
import { logTo, type Log } from '../telemetry/log';
import { RuleUnjudged } from './errors';
import { decisive, judge } from './judge';
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

  /**
   * Answers a synchronous step of Dataverse, or a plug-in or flow. Dataverse looks at the status only: 2xx goes on, any other
   * cancels the operation, and 502, 503 and 504 are tried once more before that.
   * https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
   */
  readonly handler: HttpHandler = async (request, context) => {
    const began = performance.now();
    const { config } = this.parts;
    if (!config.ok)
      return this.#unjudged('not-configured', 'The rules or the settings have faults; see the log of the app.');
    try {
      const posted = await readPost(config.value, request);
      if (!('status' in posted)) return await this.#answerTo(posted, config.value, began, logTo(context));
      this.#refused.count(posted);
      return answer(posted.status, { allowed: false, code: posted.code, message: posted.reason });
    } catch (error) {
      return this.#unjudged(codeOf(error), messageOf(error));
    }
  };

  /** The answer where there was no time for a better one. */
  readonly tookTooLong = ({ code, message }: OutboundError): HttpResponseInit => this.#unjudged(code, message);

  async #answerTo(
    { body, contentType, truncated }: Posted,
    config: ValidateConfig,
    began: number,
    log: Log,
  ): Promise<HttpResponseInit> {
    const context = readContext(body, { contentType });
    if (config.exemptUsers.has(context.initiatingUserId)) return answer(VALIDATE_STATUS.allowed, { allowed: true });
    const limitMs = began + config.deadlineMs - performance.now();
    const isTaken = this.parts.takenIn(limitMs);
    const decided = decisive(await judge(config.rules, context, { truncated, limitMs, isTaken }));
    if (decided === undefined) return answer(VALIDATE_STATUS.allowed, { allowed: true });
    const { rule, subject, outcome } = decided;
    if (outcome !== 'refuses') {
      const { code, message } = new RuleUnjudged(rule.code, outcome.unknown);
      return this.#unjudged(code, message, rule.code);
    }
    const { correlationId, message, stage } = context;
    log('ruleRefused', { source: SOURCE, rule: rule.code, of: subject.name, message, stage, correlationId });
    return answer(VALIDATE_STATUS.refused, { allowed: false, code: rule.code, message: rule.message });
  }

  #unjudged(code: ErrorCode, message: string, rule?: string): HttpResponseInit {
    this.#notJudged.count({ code, reason: message, ...(rule === undefined ? {} : { rule }) });
    const allowed = this.parts.unjudged === 'allow';
    return answer(allowed ? VALIDATE_STATUS.allowed : VALIDATE_STATUS.refused, { allowed, code, message });
  }
}

const answer = (status: number, jsonBody: Verdict): HttpResponseInit => ({ status, jsonBody });

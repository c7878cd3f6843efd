import { OutboundError } from '../errors/errors';

/** Thrown when nobody can say whether an operation meets a rule. It is never refused for that, unless a setting says so. */
export class RuleUnjudged extends OutboundError {
  constructor(
    /** Undefined: it is so for every rule of the operation. */
    readonly rule: string | undefined,
    why: string,
  ) {
    super('rule-unjudged', `${rule === undefined ? 'No rule can' : `Rule ${rule} can't`} be judged: ${why}.`);
  }
}

import { WEBHOOK_ENDPOINT, WEBHOOK_STATUS, type WebhookConfig } from '../receive/webhook-endpoint';
import type { Rules } from './compile-rules';

/** Where and how `validate` is reached: what a synchronous webhook step posts to; docs/openapi.json says the same. */
export const VALIDATE_ENDPOINT = { ...WEBHOOK_ENDPOINT, name: 'validate', route: 'validate' } as const;

const { refused, unauthorized, noLength, tooLarge, contentType } = WEBHOOK_STATUS;

/** Every status that `validate` answers. Dataverse goes on with 2xx, and cancels the operation with any other. */
export const VALIDATE_STATUS = { allowed: 200, refused, unauthorized, noLength, tooLarge, contentType } as const;

/** What becomes of an operation that rules can't be asked about. */
export const UNJUDGED = ['allow', 'refuse'] as const;
export type Unjudged = (typeof UNJUDGED)[number];

/** What `validate` needs. */
export interface ValidateConfig extends WebhookConfig {
  readonly rules: Rules;
  /** Ids of users whose operations no rule is asked about; lower case. */
  readonly exemptUsers: ReadonlySet<string>;
  readonly deadlineMs: number;
}

/** What the settings are unless they are set. */
export const VALIDATE_DEFAULTS = { unjudged: 'allow', deadlineMs: 1500 } as const;

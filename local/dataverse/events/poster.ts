import { busClient, webhookClient, type DeliveryResult } from './endpoint-clients';
import type { Endpoint } from '../registration/endpoint';
import type { RaisedEvent, Step } from './event';
import { contextBody, CONTENT_TYPE, type ContextSettings, type StepRun } from './execution-context';

/** Above this a webhook's context is reduced (use-webhooks). */
const WEBHOOK_LIMIT = 256 * 1024;
/** Above this a bus message is reduced (azure-integration). */
const BUS_LIMIT = 192 * 1024;

const NO_ENDPOINT = 'The service endpoint does not exist, or is of a contract that is not posted to here.';

/** Posts events to endpoints. */
export class Poster {
  readonly #settings: ContextSettings;
  readonly #organizationHost: string;
  readonly #webhooks;
  readonly #buses = busClient();

  constructor(settings: ContextSettings, organizationHost: string, webhookTimeoutMs: number) {
    this.#settings = settings;
    this.#organizationHost = organizationHost;
    this.#webhooks = webhookClient(webhookTimeoutMs);
  }

  /** Posts one event for one step; `reduce` removes the four members whatever the size. */
  async post(
    endpoint: Endpoint | undefined,
    event: RaisedEvent,
    step: Step,
    run: StepRun,
    reduce = false,
  ): Promise<DeliveryResult> {
    if (endpoint === undefined) return { kind: 'failed', attempts: 0, failure: 'other', reason: NO_ENDPOINT };
    const limitBytes = endpoint.kind === 'webhook' ? WEBHOOK_LIMIT : BUS_LIMIT;
    const form = endpoint.kind === 'webhook' ? 'json' : endpoint.form;
    const body = contextBody(event, step, run, this.#settings, { limitBytes, reduce, form });
    if (body === undefined) {
      return {
        kind: 'failed',
        attempts: 0,
        failure: 'other',
        reason: `The message is over ${limitBytes} bytes even without its images.`,
      };
    }
    const message = {
      body: body.bytes,
      contentType: CONTENT_TYPE[form],
      reduced: body.reduced,
      table: event.table,
      message: event.message,
      correlationId: event.correlationId,
      organizationHost: this.#organizationHost,
      userId: event.user.id,
      initiatingUserId: event.initiatingUser.id,
      userAgent: event.userAgent,
    };
    return endpoint.kind === 'webhook'
      ? this.#webhooks.deliver(endpoint, message)
      : this.#buses.deliver(endpoint, message);
  }

  async close(): Promise<void> {
    await Promise.all([this.#webhooks.close(), this.#buses.close()]);
  }
}

import type { DeliveryResult } from '../events/endpoint-clients';
import { notFound, type ErrorForm } from '../dataverse-error';
import { referenceParameter, type RaisedEvent, type Step, type User } from '../events/event';
import type { Random } from '../random';
import type { RowStore } from '../rows/row-store';

/** The bound action that starts a check. */
export const ENDPOINT_CHECK = 'TriggerServiceEndpointCheck';

/** The system job of a check, as reported. */
export interface EndpointCheck {
  readonly id: string;
  readonly endpointId: string;
  /** The endpoint's name. */
  readonly name: string;
  readonly createdAt: number;
  readonly completedAt: number | undefined;
  readonly status: 'inProgress' | 'succeeded' | 'failed';
  /** Why it failed. */
  readonly error: string | undefined;
}

/** What checks work with. */
export interface EndpointCheckDependencies {
  readonly store: RowStore;
  readonly errorForm: ErrorForm;
  readonly random: Random;
  readonly now: () => number;
  readonly user: (id: string) => User;
  readonly post: (event: RaisedEvent, step: Step, job: { id: string; createdAt: number }) => Promise<DeliveryResult>;
}

/**
 * Checks of endpoints: each posts the context of its own message to the endpoint, once, as a system job with the
 * endpoint's name. That the platform's probe is of this form, also to webhooks, is assumed.
 * https://learn.microsoft.com/dynamics365/customer-engagement/web-api/triggerserviceendpointcheck
 */
export class EndpointChecks {
  readonly #d: EndpointCheckDependencies;
  readonly #checks = new Map<string, EndpointCheck>();
  readonly #running = new Set<Promise<void>>();

  constructor(dependencies: EndpointCheckDependencies) {
    this.#d = dependencies;
  }

  /** Starts the check of an endpoint; throws when there is none. */
  start(endpointId: string, userId: string): void {
    const row = this.#d.store.table('serviceendpoint').get(endpointId);
    if (row === undefined) throw notFound(this.#d.errorForm, 'serviceendpoint', endpointId);
    const check: EndpointCheck = {
      id: this.#d.random.guid(),
      endpointId,
      name: typeof row.columns.name === 'string' ? row.columns.name : '',
      createdAt: this.#d.now(),
      completedAt: undefined,
      status: 'inProgress',
      error: undefined,
    };
    this.#checks.set(check.id, check);
    const running = this.#run(check, this.#d.user(userId)).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** All checks, in the order of their start. */
  list(): readonly EndpointCheck[] {
    return [...this.#checks.values()];
  }

  /** Resolves when no check is running. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #run(check: EndpointCheck, user: User): Promise<void> {
    const result = await this.#d
      .post(this.#probe(check, user), probeStep(check), check)
      .catch((error: unknown): DeliveryResult => {
        return { kind: 'failed', attempts: 0, reason: error instanceof Error ? error.message : String(error) };
      });
    // Somebody waits for the answer: what a step would try again has failed.
    const ended = { ...check, completedAt: this.#d.now() };
    this.#checks.set(
      check.id,
      result.kind === 'delivered'
        ? { ...ended, status: 'succeeded' }
        : { ...ended, status: 'failed', error: result.reason },
    );
  }

  #probe({ endpointId, createdAt }: EndpointCheck, user: User): RaisedEvent {
    const input = [referenceParameter('Entity', { table: 'serviceendpoint', id: endpointId })];
    return {
      message: ENDPOINT_CHECK,
      table: 'serviceendpoint',
      id: endpointId,
      requested: input,
      input,
      output: [],
      images: {},
      columns: [],
      user,
      initiatingUser: user,
      userAgent: '',
      requestId: this.#d.random.guid(),
      correlationId: this.#d.random.guid(),
      parent: undefined,
      depth: 1,
      tag: undefined,
      startedAt: createdAt,
    };
  }
}

/** A check has no step: the endpoint stands in its place. */
const probeStep = ({ endpointId, name }: EndpointCheck): Step => ({
  id: endpointId,
  name,
  mode: 'async',
  stage: 40,
  rank: 1,
  filteringColumns: undefined,
  endpointId,
  autoDelete: false,
  images: [],
});

import type { TableClient } from '@azure/data-tables';
import { findEntity, statusOf, withTable } from '../azure/tables';
import { OutboundError } from '../errors/errors';
import type { WebApi } from './web-api';

/** Thrown when an event, or the environment that is read, is of another organisation than the store's rows. */
export class OrganizationForeign extends OutboundError {
  constructor(what: string, id: string, pinned: string) {
    super(
      'organization-foreign',
      `${what} is of organisation ${id}, but this store belongs to ${pinned}. A copy or a restored sandbox sends here, or ` +
        `DATAVERSE_URL was changed. Mend that; or, if the store is to follow the other one, set ORGANIZATION_ID to its id.`,
    );
  }
}

const PARTITION = 'organization';
const ROW = 'pinned';

/** Asks the environment which organisation it is: one request. */
export async function whoAmI(api: Pick<WebApi, 'get'>): Promise<string> {
  const { OrganizationId: id } = JSON.parse((await api.get('WhoAmI')).body) as { readonly OrganizationId: string };
  return id.toLowerCase();
}

/**
 * The one organisation that a store is fed from. Row ids survive copies of environments, so the events of a copy would
 * overwrite the rows of the original: the first organisation seen is remembered for good, and any other is refused.
 * https://learn.microsoft.com/power-platform/admin/copy-environment
 */
export class OrganizationPin {
  #pinned: string | undefined;
  #verified = false;

  constructor(
    private readonly client: TableClient,
    /** Undefined without a Web API: then the first event decides. */
    private readonly ask: (() => Promise<string>) | undefined,
    /** ORGANIZATION_ID: decides whatever was remembered. */
    private readonly configured?: string,
  ) {}

  /** An event's organisation. @throws OrganizationForeign */
  async check(id: string): Promise<void> {
    const pinned = await this.#pin(id);
    if (id !== pinned) throw new OrganizationForeign('The event', id, pinned);
  }

  /** The environment that is read; asked once in a process's life. @throws OrganizationForeign */
  async verify(): Promise<void> {
    if (this.#verified || this.ask === undefined) return;
    const id = await this.ask();
    const pinned = await this.#pin(id);
    if (id !== pinned) throw new OrganizationForeign('DATAVERSE_URL', id, pinned);
    this.#verified = true;
  }

  async #pin(seen: string): Promise<string> {
    return (this.#pinned ??= this.configured ?? (await this.#stored()) ?? (await this.#store(seen)));
  }

  async #stored(): Promise<string | undefined> {
    const entity = await findEntity(this.client, PARTITION, ROW);
    return typeof entity?.id === 'string' ? entity.id : undefined;
  }

  /** The environment's own answer counts more than what an event says of itself. Of several instances the first one wins. */
  async #store(seen: string): Promise<string> {
    const id = (await this.ask?.()) ?? seen;
    try {
      await withTable(this.client, () => this.client.createEntity({ partitionKey: PARTITION, rowKey: ROW, id }));
      return id;
    } catch (error) {
      if (statusOf(error) !== 409) throw error;
      return (await this.#stored()) ?? id;
    }
  }
}

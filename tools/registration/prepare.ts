import type { WebApi } from '../../shared/dataverse/web-api';
import type { ApplyInput } from './apply';
import { listOf } from './declaration-rules';
import type { Declaration } from './declaration-schema';
import { desiredItems } from './desired-items';
import { Messages } from './messages';
import type { Plan } from './change';
import { makePlan } from './plan';
import { readRegistered } from './registered';
import type { EndpointSecret } from './secrets';
import { readTables } from './tables';

/** A plan, and what it takes to carry it out. */
export interface Prepared {
  readonly plan: Plan;
  readonly input: ApplyInput;
}

/**
 * Asks an environment what is registered and compares it with a declaration. Changes nothing.
 *
 * Requests: one for who asks, one for the endpoints, one each for 15 steps, images, messages and tables of messages, and one
 * for each table that is declared.
 */
export async function prepare(
  api: Pick<WebApi, 'get' | 'getCurrent' | 'change'>,
  declaration: Declaration,
  secrets: ReadonlyMap<string, EndpointSecret>,
): Promise<Prepared> {
  // Whoever can't ask this can't ask anything: the error is then about that.
  const { dateMs } = await api.get('WhoAmI');
  const aheadMs = dateMs - Date.now();
  const desired = desiredItems(declaration);
  const named = Object.values(declaration.steps ?? {}).flatMap(({ table }) => listOf(table));
  const [tables, { registered, messages }] = await Promise.all([
    readTables(api, [...named, ...(declaration.changeTracking ?? [])]),
    readRegistered(api, desired, declaration.owner).then(async (found) => ({
      registered: found,
      messages: await Messages.read(api, desired, found),
    })),
  ]);
  const plan = await makePlan({ declaration, desired, registered, messages, tables, secrets });
  const nowMs = (): number => Date.now() + aheadMs;
  return { plan, input: { api, owner: declaration.owner, messages, secrets, nowMs } };
}

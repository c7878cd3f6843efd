import type { Fields, RegisteredItem } from './item';
import { hasFilteringColumns } from './message-facts';
import { CONTRACTS, STAGES } from './words';

/** Why an endpoint can't be declared; undefined: it can, as far as its own columns tell. */
export function endpointObstacle({ kind, auth, url }: Fields): string | undefined {
  if (typeof kind !== 'string' || !Object.hasOwn(CONTRACTS, kind))
    return `${String(kind)} is no webhook, queue, topic or event hub`;
  if (typeof auth !== 'string' || auth.startsWith('authtype'))
    return `its authentication (${String(auth)}) isn't known here`;
  const isWebhookAuth = ['webhookKey', 'httpHeader', 'httpQueryString'].includes(auth);
  if (isWebhookAuth !== (kind === 'webhook')) return `a ${kind} with ${auth} isn't known here`;
  if (kind === 'webhook' && /[?@]/.test(String(url))) return 'its address has a query, which may be a secret';
  return undefined;
}

/** Why a step with its images can't be declared; undefined: it can, as far as its own columns tell. */
export function stepObstacle(
  { stage, message, filteringColumns }: Fields,
  images: readonly RegisteredItem[],
): string | undefined {
  if (new Set(images.map(({ fields }) => fields.alias)).size < images.length) return 'two of its images share an alias';
  if (typeof stage !== 'string' || !Object.hasOwn(STAGES, stage))
    return `${String(stage)} is no stage that can be chosen`;
  if (filteringColumns !== null && !hasFilteringColumns(String(message)))
    return `${String(message)} has no filtering columns, and it has some`;
  return undefined;
}

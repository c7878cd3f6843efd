import { DataverseError } from '../dataverse-error';
import type { DeliveryResult } from './endpoint-clients';

type Failure = Exclude<DeliveryResult, { kind: 'delivered' }>;

const CODES = { status: '0x80050201', timeout: '0x80050202', other: '0x80050205' } as const;

/**
 * What the caller sees when the webhook of a synchronous step fails: codes and the first text are those of the platform's
 * own webhook client.
 * https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
 */
export function webhookFailure(
  { failure, attempts, reason }: Failure,
  of: { readonly organizationId: string; readonly endpointId: string; readonly name: string },
): DataverseError {
  const cause = typeof failure === 'object' ? 'status' : failure;
  const message =
    typeof failure === 'object'
      ? `Non success http status code: ${failure.status} received from server for OrgId:${of.organizationId}, ` +
        `serviceEndpointId: ${of.endpointId}, name: ${of.name}, retryCount: ${attempts - 1}`
      : `Endpoint unavailable. ${reason}`;
  return new DataverseError(400, CODES[cause], message);
}

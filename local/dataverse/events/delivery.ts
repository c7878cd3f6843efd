import type { Endpoint } from '../registration/endpoint';

/** What one posting carries, whatever the endpoint. */
export interface PushMessage {
  readonly body: Buffer;
  readonly contentType: string;
  /** The four bulky members were removed: the endpoint is told. */
  readonly reduced: boolean;
  readonly table: string;
  readonly message: string;
  readonly correlationId: string;
  readonly organizationHost: string;
  readonly userId: string;
  readonly initiatingUserId: string;
  readonly userAgent: string;
}

/** How a posting ended; `attempts` counts requests sent. */
export type DeliveryResult =
  | { readonly kind: 'delivered'; readonly attempts: number }
  /** Never again by itself. */
  | { readonly kind: 'failed'; readonly attempts: number; readonly reason: string }
  /** The system job waits and tries again. */
  | { readonly kind: 'retryLater'; readonly attempts: number; readonly reason: string };

/** Posts to endpoints of one sort. */
export interface DeliveryClient<E extends Endpoint = Endpoint> {
  deliver(endpoint: E, message: PushMessage): Promise<DeliveryResult>;
  close(): Promise<void>;
}

import type { CustomApiDefinition } from '../dataverse/operations/custom-apis';
import type { Dataverse } from '../dataverse/simulator';

/** The custom APIs of the local stack, by name: one bound to a shipment, one bound to no row. */
export const BUSINESS_APIS = {
  new_ConfirmDelivery: {
    boundTo: 'new_shipment',
    requestParameters: {
      ReceivedBy: 'String',
      Pin: 'String',
      Pieces: 'Integer',
      Weight: 'Decimal',
      Damaged: 'Boolean',
      DeliveredOn: 'DateTime',
      Remark: 'String',
    },
    responseProperties: { ReceiptNumber: 'String' },
    handler: ({ target, parameters }) => ({
      ReceiptNumber: `R-${target?.id.slice(0, 8) ?? ''}-${Number(parameters.Pieces)}`,
    }),
  },
  new_BookBerth: {
    requestParameters: { Customer: 'EntityReference', Berth: 'Integer', Fee: 'Money', Goods: 'StringArray' },
    responseProperties: { BookingId: 'Guid', Confirmed: 'Boolean' },
    handler: ({ parameters }) => ({
      BookingId: `00000000-0000-4000-8000-${String(Number(parameters.Berth)).padStart(12, '0')}`,
      Confirmed: Number(parameters.Berth) % 2 === 0,
    }),
  },
} as const satisfies Readonly<Record<string, CustomApiDefinition>>;

/** Adds them, so that they can be called and steps can be registered on them. */
export async function defineBusinessApis(dataverse: Dataverse): Promise<void> {
  for (const [name, definition] of Object.entries(BUSINESS_APIS)) await dataverse.defineCustomApi(name, definition);
}

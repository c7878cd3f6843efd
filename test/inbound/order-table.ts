/** A table of the simulator that a LOB system changes, with a column of every type that it may. */
import type { TableDefinition } from '../../local/dataverse/simulator';

export const ORDERS: TableDefinition = {
  logicalName: 'new_order',
  entitySetName: 'new_orders',
  primaryId: 'new_orderid',
  primaryName: 'new_name',
  changeTracking: true,
  keys: [
    { schemaName: 'new_LobKey', label: 'LOB Key', columns: ['new_lobid'] },
    { schemaName: 'new_LineKey', columns: ['new_lobid', 'new_line'] },
    { schemaName: 'new_CodeKey', label: 'Code', columns: ['new_code'] },
  ],
  columns: [
    { logicalName: 'new_name', type: 'string', maxLength: 20 },
    { logicalName: 'new_lobid', type: 'string', label: 'LOB Id' },
    { logicalName: 'new_code', type: 'string' },
    { logicalName: 'new_line', type: 'integer' },
    { logicalName: 'new_note', type: 'memo', maxLength: 5000 },
    { logicalName: 'new_limit', type: 'money' },
    { logicalName: 'new_rate', type: 'decimal', precision: 10 },
    { logicalName: 'new_big', type: 'bigint' },
    { logicalName: 'new_temperature', type: 'double' },
    { logicalName: 'new_open', type: 'boolean' },
    { logicalName: 'new_since', type: 'dateTime', behavior: 'UserLocal' },
    { logicalName: 'new_day', type: 'dateTime', behavior: 'DateOnly' },
    { logicalName: 'new_slot', type: 'dateTime', behavior: 'TimeZoneIndependent' },
    {
      logicalName: 'new_mode',
      type: 'choice',
      options: [
        { value: 1, label: 'Road' },
        { value: 2, label: 'Rail' },
      ],
    },
    {
      logicalName: 'new_handling',
      type: 'choices',
      options: [
        { value: 1, label: 'Fragile' },
        { value: 2, label: 'Cold' },
      ],
    },
    { logicalName: 'new_carrier', schemaName: 'new_Carrier', type: 'lookup', targets: ['account'] },
    { logicalName: 'new_payer', schemaName: 'new_Payer', type: 'customer', targets: ['account', 'contact'] },
    { logicalName: 'new_previous', schemaName: 'new_Previous', type: 'lookup', targets: ['new_order'] },
  ],
};

/** A table whose rows Dataverse takes no versions of. */
export const BILLS: TableDefinition = {
  logicalName: 'new_bill',
  entitySetName: 'new_bills',
  primaryId: 'new_billid',
  primaryName: 'new_name',
  changeTracking: true,
  optimisticConcurrency: false,
  keys: [{ schemaName: 'new_BillKey', columns: ['new_lobid'] }],
  columns: [
    { logicalName: 'new_name', type: 'string' },
    { logicalName: 'new_lobid', type: 'string' },
  ],
};

/** What a mapping file says of them. */
export const ORDERS_INBOUND = `
tables:
  new_order:
    inbound:
      key: new_lobid
      delete: true
      columns:
        new_name:
        new_note:
        new_code:
        new_line:
        new_limit: lob
        new_rate:
        new_big:
        new_temperature:
        new_open:
        new_since:
        new_day:
        new_slot:
        new_mode:
        new_handling:
        new_carrier:
        new_payer: { lookup: { account: , contact: } }
        new_previous: { lookup: { new_order: new_lobid } }
        statecode: dataverse
        ownerid:
`;

export const BILLS_INBOUND =
  '  new_bill: { inbound: { key: new_lobid, columns: { new_name: , statecode: , statuscode: } } }';

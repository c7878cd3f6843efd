import type { ManyToManyDefinition } from './relationship';

/** The many-to-many relationships that a simulator with the standard tables has. */
export const STANDARD_RELATIONSHIPS: readonly ManyToManyDefinition[] = [
  {
    schemaName: 'accountleads_association',
    intersect: { table: 'accountleads', entitySet: 'accountleadscollection', primaryId: 'accountleadid' },
    one: { table: 'account', column: 'accountid' },
    two: { table: 'lead', column: 'leadid' },
    changeTracking: false,
  },
  {
    schemaName: 'new_contact_contact',
    intersect: {
      table: 'new_contact_contact',
      entitySet: 'new_contact_contactset',
      primaryId: 'new_contact_contactid',
    },
    one: { table: 'contact', column: 'contactidone' },
    two: { table: 'contact', column: 'contactidtwo' },
    changeTracking: true,
  },
];

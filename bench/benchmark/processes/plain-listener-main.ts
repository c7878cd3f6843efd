/**
 * The least that a webhook's receiver can be: node:http, JSON.parse, the columns of Target as they are, one upsert through the
 * bare SDK. No key is checked, no order, no duplicate. A process of its own.
 *
 * Arguments: the store's connection string, the table.
 */
import { plainWrite } from './plain-write';
import { bareClient, type Place } from '../inputs/stores';
import { serve } from './serve';

const [, , connectionString = '', table = ''] = process.argv;
const client = bareClient({ connectionString } as Place, table);

serve(async (body) => {
  await plainWrite(client, body);
  return { status: 200, body: '{"outcome":"written"}' };
});

/**
 * The least that a webhook's receiver can be: node:http, JSON.parse, the columns of Target as they are, one upsert through the
 * bare SDK. No key is checked, no order, no duplicate. A process of its own.
 *
 * Settings: the app's own for its store.
 */
import { ownTable } from '../inputs/stores';
import { plainWrite } from './plain-write';
import { serve } from './serve';

const client = ownTable();

serve(async (body) => {
  await plainWrite(client, body);
  return { status: 200, body: '{"outcome":"written"}' };
});

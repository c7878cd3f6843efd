/** What the plain listener does (`main.ts`), as a function: what runs it counts for it as it does for the app. */
import { app } from '@azure/functions';
import { bareClient, type Place } from '../inputs/stores';
import { upsertTarget } from './upsert-target';

const { PLAIN_STORE = '', PLAIN_TABLE = '' } = process.env;
const client = bareClient({ connectionString: PLAIN_STORE } as Place, PLAIN_TABLE);

app.http('plain', {
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: async (request) => {
    await upsertTarget(client, Buffer.from(await request.arrayBuffer()));
    return { jsonBody: { outcome: 'written' } };
  },
});

/** What the plain listener does (`plain-listener-main.ts`), as a function: what runs it counts for it as it does for the app. */
import { app } from '@azure/functions';
import { bareClient, type Place } from '../inputs/stores';
import { plainWrite } from './plain-write';

const { PLAIN_STORE = '', PLAIN_TABLE = '' } = process.env;
const client = bareClient({ connectionString: PLAIN_STORE } as Place, PLAIN_TABLE);

app.http('plain', {
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: async (request) => {
    await plainWrite(client, Buffer.from(await request.arrayBuffer()));
    return { jsonBody: { outcome: 'written' } };
  },
});

/** Bodies exactly as Dataverse posts them to a webhook, for tests that post them themselves: late, twice, or spoiled. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Dataverse } from '../../local/dataverse/simulator';

/** Does the action and returns what a webhook of the table was posted for it, in the order of arrival. */
export async function recorded(
  dataverse: Dataverse,
  table: string,
  action: () => Promise<unknown>,
): Promise<readonly Buffer[]> {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      bodies.push(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const endpoint = await dataverse.registerEndpoint({ name: 'recorder', contract: 'webhook', url });
  const steps: string[] = [];
  for (const message of ['Create', 'Update', 'Delete'] as const)
    steps.push(await dataverse.registerStep({ table, message, endpoint, mode: 'async' }));
  try {
    await action();
    await dataverse.drain(120_000);
    return bodies;
  } finally {
    for (const id of [...steps, endpoint]) await dataverse.unregister(id);
    server.closeAllConnections();
    server.close();
  }
}

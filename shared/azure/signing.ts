import { AzureNamedKeyCredential, type TableClient } from '@azure/data-tables';
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** The SDK's policy that signs with an account key. */
const SDK_POLICY = 'tablesNamedKeyCredentialPolicy';

/**
 * Has a client that signs with an account key keep the key as one object: the SDK makes it anew for each request, which takes
 * most of the time of signing. Any other client stays as it is.
 */
export function keepKey(client: TableClient): TableClient {
  const credential: unknown = Reflect.get(client, 'credential');
  if (!(credential instanceof AzureNamedKeyCredential)) return client;
  const { name, key } = credential;
  const secret = createSecretKey(key, 'base64');
  client.pipeline.removePolicy({ name: SDK_POLICY });
  client.pipeline.addPolicy({
    name: SDK_POLICY,
    sendRequest: (request, next) => {
      const date = dateNow();
      request.headers.set('x-ms-date', date);
      request.headers.set('authorization', `SharedKeyLite ${name}:${signatureOf(request.url, date, name, secret)}`);
      return next(request);
    },
  });
  return client;
}

let lastDate = { second: 0, text: '' };

/** The header's form has whole seconds, and a busy process sends many requests in one. */
function dateNow(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== lastDate.second) lastDate = { second, text: new Date(second * 1000).toUTCString() };
  return lastDate.text;
}

/** https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key#shared-key-lite-and-table-service-format-for-2009-09-19-and-later */
function signatureOf(url: string, date: string, account: string, secret: KeyObject): string {
  const [address = '', query] = url.split('?');
  const comp = query === undefined ? null : new URLSearchParams(query).get('comp');
  const path = address.slice(address.indexOf('/', address.indexOf('//') + 2));
  const resource = `/${account}${path}${comp === null ? '' : `?comp=${comp}`}`;
  return createHmac('sha256', secret).update(`${date}\n${resource}`).digest('base64');
}

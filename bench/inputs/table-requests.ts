/**
 * Requests of the table service made without the SDK's entity serializer: the same bodies that it makes of the same entities,
 * byte for byte but for the ids of a batch.
 */
import type { TableEntity } from '@azure/data-tables';
import { createHmac, randomUUID } from 'node:crypto';

/** A request of the table service, to be signed. */
export interface TableRequest {
  readonly method: 'PATCH' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const HEADERS = {
  accept: 'application/json',
  'content-type': 'application/json',
  dataserviceversion: '3.0',
  'x-ms-version': '2019-02-02',
} as const;

/** https://learn.microsoft.com/rest/api/storageservices/payload-format-for-table-service-operations */
function bodyOf({ partitionKey, rowKey, ...properties }: TableEntity): string {
  const wire: Record<string, unknown> = { PartitionKey: partitionKey, RowKey: rowKey };
  for (const [name, property] of Object.entries(properties)) {
    if (typeof property === 'bigint') {
      wire[name] = String(property);
      wire[`${name}@odata.type`] = 'Edm.Int64';
    } else if (typeof property === 'object' && property !== null) {
      const { type, value } = property as { readonly type: string; readonly value: string };
      wire[name] = value;
      wire[`${name}@odata.type`] = `Edm.${type}`;
    } else wire[name] = property;
  }
  return JSON.stringify(wire);
}

const pathOf = (table: string, { partitionKey, rowKey }: TableEntity): string =>
  `${table}(PartitionKey='${partitionKey}',RowKey='${rowKey}')`;

/** Upserts an entity (Merge). */
export const upsertRequest = (endpoint: string, table: string, entity: TableEntity): TableRequest => ({
  method: 'PATCH',
  url: `${endpoint}/${pathOf(table, entity)}`,
  headers: HEADERS,
  body: bodyOf(entity),
});

const PART = ['content-type: application/http', 'content-transfer-encoding: binary', '', ''].join('\r\n');
const PART_HEADERS = ['Content-Type: application/json', 'DataServiceVersion: 3.0', 'Accept: application/json'];
const AFTER_LINE = ['', ...PART_HEADERS, '', '', ''].join('\r\n');

/** Upserts entities of one partition (Merge), all or none. */
export function transactionRequest(endpoint: string, table: string, entities: readonly TableEntity[]): TableRequest {
  const [batch, changes] = [`batch_${randomUUID()}`, `changeset_${randomUUID()}`];
  const parts = entities.map(
    (entity) =>
      `--${changes}\r\n${PART}PATCH ${endpoint}/${pathOf(table, entity)} HTTP/1.1${AFTER_LINE}${bodyOf(entity)}\r\n`,
  );
  const begin = `--${batch}\r\ncontent-type: multipart/mixed; boundary=${changes}\r\n\r\n\r\n`;
  return {
    method: 'POST',
    url: `${endpoint}/$batch`,
    headers: { ...HEADERS, 'content-type': `multipart/mixed; boundary=${batch}` },
    body: `${begin}${parts.join('')}--${changes}--\r\n--${batch}--\r\n`,
  };
}

/** https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key#shared-key-lite-and-table-service-format-for-2009-09-19-and-later */
export function signed({ url, headers }: TableRequest, account: string, key: Buffer): Record<string, string> {
  const date = new Date().toUTCString();
  const text = `${date}\n/${account}${new URL(url).pathname}`;
  const signature = createHmac('sha256', key).update(text).digest('base64');
  return { ...headers, 'x-ms-date': date, authorization: `SharedKeyLite ${account}:${signature}` };
}

/** The entity tags of a batch's answer, in order. */
export const etagsOf = (answer: string): string[] =>
  [...answer.matchAll(/^ETag: (.+?)\r?$/gim)].map(([, etag = '']) => etag);

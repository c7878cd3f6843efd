import {
  createHttpHeaders,
  type PipelinePolicy,
  type PipelineRequest,
  type RawHttpHeadersInput,
} from '@azure/core-rest-pipeline';
import { TableClient } from '@azure/data-tables';

/** What a request is answered with. */
export interface Scripted {
  readonly status: number;
  readonly headers?: RawHttpHeadersInput;
  readonly body?: string;
}

/** A refusal in the service's own form. */
export const refused = (status: number, code: string, message = code): Scripted => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: message } } }),
});

/** The answer to a transaction: one part for each answer. */
export function transacted(parts: readonly Scripted[]): Scripted {
  const texts = parts.map(({ status, headers = {}, body = '' }) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    const part = `HTTP/1.1 ${status} Said\r\n${lines.join('')}\r\n${body}\r\n`;
    return `--changesetresponse_c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n${part}`;
  });
  const body = `--batchresponse_b\r\nContent-Type: multipart/mixed; boundary=changesetresponse_c\r\n\r\n${texts.join('')}--changesetresponse_c--\r\n--batchresponse_b--\r\n`;
  return { status: 202, headers: { 'content-type': 'multipart/mixed; boundary=batchresponse_b' }, body };
}

const ACCOUNT = 'DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=a2V5;EndpointSuffix=core.windows.net';

/** The SDK's client of a table, with its whole pipeline, of which nothing reaches the network: `answer` stands for that. */
export function scriptedClient(
  table: string,
  answer: (request: PipelineRequest) => Scripted,
  connectionString = ACCOUNT,
): TableClient {
  const policy: PipelinePolicy = {
    name: 'script',
    sendRequest: (request) => {
      const { status, headers = {}, body = '' } = answer(request);
      return Promise.resolve({ request, status, headers: createHttpHeaders(headers), bodyAsText: body });
    },
  };
  return TableClient.fromConnectionString(connectionString, table, {
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [{ policy, position: 'perRetry' }],
  });
}

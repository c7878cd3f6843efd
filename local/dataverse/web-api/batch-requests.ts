import { STATUS_CODES } from 'node:http';
import { badRequest } from '../dataverse-error';
import type { Transaction, Transactions } from '../operations/transactions';
import type { Random } from '../random';
import { header, type ApiRequest, type ApiResponse } from './api-request';
import {
  boundaryOf,
  readParts,
  readPartRequest,
  writePart,
  writeParts,
  type Part,
  type PartRequest,
} from './multipart';
import { contentOf, refusal } from './response';

/** An operation of a batch; its id is known only where it was given. */
interface Operation {
  readonly request: PartRequest;
  readonly contentId: string | undefined;
}

/** What is done in its turn: an operation, or several together. */
type Item =
  | { readonly kind: 'single'; readonly operation: Operation }
  | { readonly kind: 'changeSet'; readonly operations: readonly Operation[] };

/** What has been answered, as a part; `failed` has the answer that was an error. */
interface Answered {
  readonly part: string;
  readonly failed: ApiResponse | undefined;
}

const MOST_OPERATIONS = 1000;
const LONGEST_URL = 65_536;

/** Thrown to leave a change set: it is rolled back, and this is its answer. */
class ChangeSetFailure extends Error {
  constructor(readonly response: ApiResponse) {
    super('An operation of the change set failed.');
  }
}

/**
 * `$batch`: operations one after the other, those of a change set in one transaction.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api
 */
export class BatchRequests {
  readonly #transactions: Transactions;
  readonly #random: Random;

  constructor(transactions: Transactions, random: Random) {
    this.#transactions = transactions;
    this.#random = random;
  }

  /** Answers a batch: 200, or without `odata.continue-on-error` the status of the first error, after which it ends. */
  async answer(request: ApiRequest): Promise<ApiResponse> {
    if (request.method !== 'POST') throw badRequest('A batch is sent by POST.');
    const items = readItems(request);
    const parts: string[] = [];
    let status = 200;
    for (const item of items) {
      const { part, failed } = await this.#item(request, item);
      parts.push(part);
      if (failed === undefined || request.prefer.continueOnError) continue;
      status = failed.status;
      break;
    }
    const boundary = `batchresponse_${this.#random.guid()}`;
    return {
      status,
      headers: { 'Content-Type': `multipart/mixed; boundary=${boundary}` },
      text: writeParts(parts, boundary),
    };
  }

  async #item(request: ApiRequest, item: Item): Promise<Answered> {
    if (item.kind === 'changeSet') return this.#changeSet(request, item.operations);
    const { contentId } = item.operation;
    const response = await request.perform(item.operation.request);
    return { part: this.#written(response, contentId), failed: response.status >= 400 ? response : undefined };
  }

  async #changeSet(request: ApiRequest, operations: readonly Operation[]): Promise<Answered> {
    try {
      const done = await this.#transactions.together((transaction) => inTurn(request, operations, transaction));
      const boundary = `changesetresponse_${this.#random.guid()}`;
      const parts = done.map(({ response, contentId }) => this.#written(response.committed?.() ?? response, contentId));
      const type = { 'Content-Type': `multipart/mixed; boundary=${boundary}` };
      return { part: writePart(type, writeParts(parts, boundary)), failed: undefined };
    } catch (error) {
      const response = error instanceof ChangeSetFailure ? error.response : refusal(error);
      return { part: this.#written(response, undefined), failed: response };
    }
  }

  #written(response: ApiResponse, contentId: string | undefined): string {
    const { status, headers: own = {} } = response;
    const content = contentOf(response);
    const location = own['OData-EntityId'];
    const headers = {
      ...(status >= 400 ? { REQ_ID: this.#random.guid() } : {}),
      ...(content === undefined ? {} : { 'Content-Type': content.type }),
      'OData-Version': '4.0',
      ...(location === undefined ? {} : { Location: location }),
      ...own,
    };
    const http = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${writePart(headers, content?.text ?? '')}`;
    return writePart(
      {
        'Content-Type': 'application/http',
        'Content-Transfer-Encoding': 'binary',
        ...(contentId === undefined ? {} : { 'Content-ID': contentId }),
      },
      http,
    );
  }
}

function readItems(request: ApiRequest): readonly Item[] {
  const boundary = boundaryOf(header(request.headers, 'content-type'));
  if (boundary === undefined) throw badRequest('A batch has the content type multipart/mixed.', '0x80048d19');
  const items = readParts(request.body, boundary).map((part): Item => {
    const inner = boundaryOf(part.headers['content-type']);
    if (inner === undefined) return { kind: 'single', operation: readOperation(part) };
    return { kind: 'changeSet', operations: readParts(part.content, inner).map(readChange) };
  });
  const count = items.reduce((sum, item) => sum + (item.kind === 'single' ? 1 : item.operations.length), 0);
  if (count > MOST_OPERATIONS) {
    throw badRequest(`A batch has ${MOST_OPERATIONS} operations at most; this one has ${count}.`, '0x80048d19');
  }
  return items;
}

function readOperation(part: Part): Operation {
  const request = readPartRequest(part);
  if (/\$batch\b/.test(request.url)) throw badRequest('A batch cannot be part of another one.', '0x80048d19');
  if (request.url.length > LONGEST_URL) throw badRequest('The URL of an operation is longer than 64 KB.', '0x80048d19');
  return { request, contentId: part.headers['content-id'] };
}

function readChange(part: Part): Operation {
  const operation = readOperation(part);
  if (operation.request.method === 'GET') throw badRequest('A change set cannot have GET requests.', '0x80048d19');
  return operation;
}

interface Done {
  readonly response: ApiResponse;
  readonly contentId: string | undefined;
}

async function inTurn(
  request: ApiRequest,
  operations: readonly Operation[],
  transaction: Transaction,
): Promise<readonly Done[]> {
  const done: Done[] = [];
  const made = new Map<string, string>();
  for (const { request: part, contentId } of operations) {
    const response = await request.perform({ ...referring(part, made), transaction });
    if (response.status >= 400) throw new ChangeSetFailure(response);
    done.push({ response, contentId });
    const url = response.headers?.['OData-EntityId'];
    if (contentId !== undefined && url !== undefined) made.set(contentId, url);
  }
  return done;
}

/** A request whose references to earlier ones (`$1`) are the URLs of the rows that those made. */
function referring(request: PartRequest, made: ReadonlyMap<string, string>): PartRequest {
  const urlOf = (reference: string): string => {
    const url = made.get(reference);
    if (url !== undefined) return url;
    throw badRequest(`Content-ID Reference: '$${reference}' does not exist in the batch context.`, '0x80048d19');
  };
  return {
    ...request,
    url: request.url.replace(/^\/?\$(\w+)/, (_all, reference: string) => urlOf(reference)),
    body: request.body.replace(
      /(@odata\.(?:bind|id)"\s*:\s*")\$(\w+)(?=")/g,
      (_all, before: string, reference: string) => `${before}${urlOf(reference)}`,
    ),
  };
}

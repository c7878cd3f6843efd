/**
 * A source of pages as the Web API has them, that does next to nothing: rows are one row's text with other ids, put
 * together when a page is asked for. A process of its own; tells its parent address and certificate, ends with it.
 *
 * `GET /api/data/v9.2/accounts`: as many rows as its argument says in pages of 5,000, each page with the link to the next, the
 * last one with a delta link.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from '../../local/dataverse/certificate';
import { PAGE_ROWS, rowText, wireId } from './rows';

const ID_LENGTH = wireId(0).length;

/** A page's rows as bytes, and where in it the ids are: two in each row. */
function template(): { readonly bytes: Buffer; readonly ids: readonly number[] } {
  const bytes = Buffer.from(Array.from({ length: PAGE_ROWS }, () => rowText(wireId(0))).join(','));
  const ids: number[] = [];
  for (let at = bytes.indexOf(wireId(0)); at !== -1; at = bytes.indexOf(wireId(0), at + ID_LENGTH)) ids.push(at);
  return { bytes, ids };
}

const { bytes, ids } = template();
const idsInRow = ids.length / PAGE_ROWS;

function rowsFrom(first: number, count: number): Buffer {
  const page = Buffer.from(bytes);
  for (const [index, at] of ids.entries()) page.write(wireId(first + Math.floor(index / idsInRow)), at, 'latin1');
  const rowLength = (bytes.length + 1) / PAGE_ROWS;
  return page.subarray(0, count * rowLength - 1);
}

async function main(): Promise<void> {
  const { key, certificate } = await makeCertificate('127.0.0.1');
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const url = new URL(request.url ?? '', `https://${request.headers.host ?? ''}`);
    const rows = Number(url.searchParams.get('rows') ?? process.argv[2]);
    const from = Number(url.searchParams.get('from') ?? 0);
    const count = Math.min(PAGE_ROWS, rows - from);
    const next = from + count;
    const link =
      next < rows
        ? `"@odata.nextLink":"${url.origin}${url.pathname}?rows=${rows}&from=${next}"`
        : `"@odata.deltaLink":"${url.origin}${url.pathname}?rows=0"`;
    const body = [Buffer.from('{"value":['), rowsFrom(from, count), Buffer.from(`],${link}}`)];
    const length = body.reduce((sum, part) => sum + part.length, 0);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
    for (const part of body) response.write(part);
    response.end();
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.send?.({ url: `https://127.0.0.1:${port}`, certificate });
  });
  process.once('disconnect', () => process.exit());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

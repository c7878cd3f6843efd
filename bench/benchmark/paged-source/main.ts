/**
 * A source of pages as the Web API has them, that does next to nothing: rows are one row's text with other ids and versions,
 * put together when a page is asked for. A process of its own; tells its parent address and certificate, ends with it.
 *
 * `GET /api/data/v9.2/accounts`: as many rows as its argument says in pages of 5,000, each page with the link to the next, the
 * last one with a delta link. Each delta has the next hundredth of the rows, changed. With the argument `expires` the token of
 * the delta link has expired, and from then on a hundredth of the rows is changed and a thousandth is gone.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from '../../../local/dataverse/web-api/certificate';
import { PAGE_ROWS, rowText, wireId, wireVersion } from './rows';

const [ROWS, EXPIRES] = [Number(process.argv[2]), process.argv[3] === 'expires'];
const CHANGED_EACH = 100;
const GONE_EACH = 1000;
/** Of each thousand rows; not one that is changed. */
const GONE = 50;

/** A page's rows as bytes, and where in it the ids and versions are. */
function template() {
  const bytes = Buffer.from(Array.from({ length: PAGE_ROWS }, () => rowText(wireId(0))).join(','));
  const placesOf = (text: string): readonly number[] => {
    const places: number[] = [];
    for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + text.length)) places.push(at);
    return places;
  };
  return { bytes, ids: placesOf(wireId(0)), versions: placesOf(wireVersion(0)) };
}

const { bytes, ids, versions } = template();
const rowLength = (bytes.length + 1) / PAGE_ROWS;

/** Which row, and how far its version is above the first one. */
type Numbered = readonly [row: number, version: number];

function bytesOf(rows: readonly Numbered[]): Buffer {
  const page = Buffer.from(bytes.subarray(0, Math.max(0, rows.length * rowLength - 1)));
  const put = (places: readonly number[], text: (row: Numbered) => string): void => {
    const each = places.length / PAGE_ROWS;
    for (const [index, row] of rows.entries())
      for (let nth = 0; nth < each; nth += 1) page.write(text(row), places[index * each + nth] ?? 0, 'latin1');
  };
  put(ids, ([row]) => wireId(row));
  if (rows.some(([, version]) => version > 0)) put(versions, ([, version]) => wireVersion(version));
  return page;
}

/** The rows of a page and which row the next page begins with. */
function pageFrom(from: number, delta: number, changed: boolean): { rows: readonly Numbered[]; next: number } {
  const rows: Numbered[] = [];
  const each = delta > 0 ? CHANGED_EACH : 1;
  let row = delta > 0 && from === 0 ? (delta - 1) % CHANGED_EACH : from;
  for (; row < ROWS && rows.length < PAGE_ROWS; row += each) {
    if (changed && row % GONE_EACH === GONE) continue;
    rows.push([row, changed && row % CHANGED_EACH === 0 ? 1 : delta]);
  }
  return { rows, next: row };
}

const DAY_MS = 24 * 3_600_000;

const EXPIRED = JSON.stringify({
  error: {
    code: '0x80044352',
    message: 'Version stamp associated with the client has expired. Please perform a full sync.',
  },
});

async function main(): Promise<void> {
  const { key, certificate } = await makeCertificate('127.0.0.1');
  let changed = false;
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const url = new URL(request.url ?? '', `https://${request.headers.host ?? ''}`);
    const [from, delta] = [Number(url.searchParams.get('from')), Number(url.searchParams.get('delta'))];
    if (EXPIRES && delta > 0) {
      changed = true;
      response.writeHead(400, { 'content-type': 'application/json' }).end(EXPIRED);
      return;
    }
    // What is loaded again was loaded a day before.
    response.setHeader('date', new Date(Date.now() + (changed ? DAY_MS : 0)).toUTCString());
    const { rows, next } = pageFrom(from, delta, changed);
    const address = `${url.origin}${url.pathname}`;
    const link =
      next < ROWS
        ? `"@odata.nextLink":"${address}?from=${next}&delta=${delta}"`
        : `"@odata.deltaLink":"${address}?delta=${delta + 1}"`;
    const body = [Buffer.from('{"value":['), bytesOf(rows), Buffer.from(`],${link}}`)];
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

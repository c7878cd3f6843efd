import path from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { startChild } from '../measure/child';

/** A source of pages; this process trusts its certificate. */
export interface PagedSource {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts the source in a process of its own: so many rows for whoever doesn't say. */
export async function startPagedSource(rows: number): Promise<PagedSource> {
  const { said, stop } = await startChild<{ url: string; certificate: string }>(path.join(__dirname, 'main.js'), [
    String(rows),
  ]);
  setDefaultCACertificates([...getCACertificates('default'), said.certificate]);
  return { url: said.url, stop };
}

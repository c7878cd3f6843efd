import path from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { startChild } from '../measure/child';

/** A source of pages; this process trusts its certificate, until another one is started. */
export interface PagedSource {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const TRUSTED = getCACertificates('default');

/** Starts the source of so many rows in a process of its own; the token of its delta link may expire. */
export async function startPagedSource(rows: number, token: 'lasts' | 'expires' = 'lasts'): Promise<PagedSource> {
  const { said, stop } = await startChild<{ url: string; certificate: string }>(path.join(__dirname, 'main.js'), [
    String(rows),
    token,
  ]);
  // Not beside an older one's: all have the same name.
  setDefaultCACertificates([...TRUSTED, said.certificate]);
  return { url: said.url, stop };
}

import diagnostics from 'node:diagnostics_channel';

/** Counts, from now on, the requests that this process sends by each client. */
export function requestsBy(): () => { readonly node: number; readonly undici: number } {
  const count = { node: 0, undici: 0 };
  diagnostics.subscribe('http.client.request.start', () => (count.node += 1));
  diagnostics.subscribe('undici:request:create', () => (count.undici += 1));
  return () => ({ ...count });
}

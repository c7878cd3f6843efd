/**
 * What to tell whoever started something on a port that is taken; undefined for any other error. Node and Azurite say so in the
 * same words, Azurite in the output that its error carries.
 */
export function portTaken(error: unknown): string | undefined {
  const [, port] = /EADDRINUSE: address already in use \S*:(\d+)/.exec(String(error)) ?? [];
  return port === undefined
    ? undefined
    : `Port ${port} is taken: stop what listens there, or give another port (--help lists the flags).`;
}

import { processTerminal } from './terminal/process-terminal';
import { run } from './terminal/run';
import { EXIT } from './terminal/terminal';

// Whoever reads the output has seen enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

/** Resolves when a pipe has taken what was written to it. */
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    stream.write('', () => resolve());
  });

void run(process.argv.slice(2), processTerminal).then(async (code) => {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // A connection that doesn't close, or is kept open for a next request, would keep the process.
  process.exit(code);
});

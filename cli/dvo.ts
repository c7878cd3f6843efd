import { processTerminal } from './process-terminal';
import { run } from './run';
import { EXIT } from './terminal';

// Whoever reads the output has seen enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

void run(process.argv.slice(2), processTerminal).then((code) => {
  // Not exit(): output to a pipe may not have been written yet.
  process.exitCode = code;
});

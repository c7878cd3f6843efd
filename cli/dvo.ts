import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { run } from './run';

void run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  readFile: (path) => readFile(path),
  readInput: () => buffer(process.stdin),
}).then((code) => {
  // Not exit(): output to a pipe may not have been written yet.
  process.exitCode = code;
});

// Proves: the built CLI runs as a process of its own: it reads a file or its input, writes all of its output into a pipe,
// and ends with the right exit code.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { builtFolder } from '../../build-once';
import { changed, fixture } from '../../context/fixture-files';
import type { Ran } from './terminal';

async function spawned(args: readonly string[], input: Uint8Array | string = ''): Promise<Ran> {
  const program = path.join(await builtFolder(), 'dist/tools/dvo/dvo.js');
  const child = spawn(process.execPath, [program, ...args], { stdio: 'pipe' });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code: code ?? -1, out, err };
}

describe('dvo as a process', () => {
  test('a file', async () => {
    const { code, out, err } = await spawned(['parse', path.resolve(__dirname, '../../fixtures/delete-account.json')]);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject([{ kind: 'delete', evidence: { kind: 'event', isTrusted: false } }]);
  });

  test('its input, and more output than a pipe holds', async () => {
    const long = { SharedVariables: [{ key: 'long', value: 'x'.repeat(500_000) }] };
    const { code, out } = await spawned(['parse', '--full', '-'], changed('update-contact', long));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ context: { sharedVariables: { long: { value: 'x'.repeat(500_000) } } } });
  });

  test('what can not be parsed, and a wrong call', async () => {
    const refused = await spawned(['parse', '-'], fixture('create-account.msbin1').subarray(0, 500));
    expect(refused).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^dvo: binary-invalid: [^\n]+\n$/),
    });
    expect(await spawned(['parse'])).toMatchObject({ code: 64, out: '' });
  });
});

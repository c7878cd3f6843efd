/** Proves that only its owner can read a file of settings, which holds keys. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeSettings } from '../../local/stack/settings-file';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'dvo-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['local.settings.json', 'stack.env'])(
  '%s is readable by its owner alone, also where it was there',
  (name) => {
    for (const file of [path.join(folder, name), path.join(folder, `old-${name}`)]) {
      if (path.basename(file).startsWith('old-')) writeFileSync(file, 'of before, and longer than '.repeat(50));
      writeSettings(file, { WEBHOOK_KEYS: 'a-key' });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readFileSync(file, 'utf8')).toMatch(name.endsWith('.env') ? /^export \S+\n$/ : /^\{[^]*\}\n$/);
    }
  },
);

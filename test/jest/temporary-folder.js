'use strict';
/**
 * Jest's global set-up and, by the variable that it sets, tear-down: one folder for whatever the tests and the processes that
 * they start make below the system's temporary folder. It goes when all tests have run.
 */
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

let folder;

module.exports = () => {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'dvo-test-'));
    process.env.TMPDIR = folder;
  } else rmSync(folder, { recursive: true, force: true });
};

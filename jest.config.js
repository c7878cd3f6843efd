'use strict';

const { join } = require('node:path');

// For the processes that tests start, dozens of them of the same few programs: each is compiled once.
process.env.NODE_COMPILE_CACHE ??= join(__dirname, 'node_modules/.cache/dvo-compiled');

/** To CommonJS: Jest's own modules of the other kind need a flag of Node. */
const compiled = (syntax) => [
  '@swc/jest',
  { jsc: { parser: { syntax }, target: 'es2024' }, module: { type: 'commonjs' } },
];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: '<rootDir>/test/jest/environment.js',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  // `import()` of a module of ours names the file that it is compiled to.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': compiled('typescript'), '/@marcbachmann/.+\\.js$': compiled('ecmascript') },
  // The one package that the app requires and that is an ES module.
  transformIgnorePatterns: ['/node_modules/(?!@marcbachmann/)'],
  globalSetup: '<rootDir>/test/jest/temporary-folder.js',
  globalTeardown: '<rootDir>/test/jest/temporary-folder.js',
  testSequencer: '<rootDir>/test/jest/sequencer.js',
  // For what hangs, on however busy a machine: whatever a test waits for has a limit of its own.
  testTimeout: 900_000,
  // One more than the cores that there are at least: much of the tests is waiting, and with more of them processes starve.
  maxWorkers: 3,
};

/**
 * `npm run mutation`: changes the pure core bit by bit and asks whether a unit test notices. CONTRIBUTING.md has the
 * figures and says of each survivor why it lives.
 */
import { createRequire } from 'node:module';

const jest = createRequire(import.meta.url)('./jest.config.js');

/** The core that is pure: what it does follows from what it is given. */
const CORE = [
  'shared/change/**/*.ts',
  'shared/json/exact-number.ts',
  'shared/writer/decide.ts',
  'shared/lob/stamp.ts',
  'shared/context/messages/{delivery-key,pushed-event,to-changes,to-message-event}.ts',
  'shared/context/{json/double-encoded,values/guid}.ts',
  'shared/mapping/{column-names,column-rule,conform,convert,filter,link,redact,row-key,table-mapping,event-mapping}.ts',
  'shared/sync/{row-id-set,schema-drift}.ts',
];

export default {
  mutate: CORE,
  testRunner: 'jest',
  coverageAnalysis: 'perTest',
  // What is made when a module is loaded (tables of constants, patterns) would need every test anew for each of its mutants.
  ignoreStatic: true,
  jest: {
    // Neither through sockets nor by the simulation, whose schedules would notice most at a thousand times the cost; nor
    // with what attacks the parser's bytes for seconds.
    config: {
      ...jest,
      // Stryker puts one of its own around it, which it finds by its name only.
      testEnvironment: 'node',
      testMatch: [
        'change/**/*',
        'context/**/*',
        'inbound/**/*',
        'lob/{column-times,stamp}',
        'mapping/**/*',
        'sync/**/*',
        'writer/**/*',
      ].map((part) => `<rootDir>/test/${part}.test.ts`),
      testPathIgnorePatterns: [
        '/(?:hostile|round-trip|bad-input|binary|xml|blob-journal|pull-state-store|tombstone-purge|web-api-rows)\\.test\\.ts$',
      ],
    },
  },
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { allowColor: false, reportTests: false, reportScoreTable: true },
  incremental: true,
  incrementalFile: 'coverage/mutation.json',
  thresholds: { high: 95, low: 90, break: 90 },
  ignorePatterns: ['dist', 'coverage', '__azurite*'],
  tempDirName: 'coverage/stryker',
  concurrency: 2,
  // A mutant that decides the same again and again makes the writer turn for ever.
  timeoutMS: 5_000,
  allowConsoleColors: false,
};

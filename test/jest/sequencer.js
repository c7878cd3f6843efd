'use strict';
/**
 * The order of the test files: first those that take longest. Jest knows of durations only from a run before, and begins
 * with the largest files on a clean checkout, so that it would end with one long one on a single core.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

/** Beginnings of paths below test/, the longest first. */
const LONG = [
  ...['e2e/faults-kill', 'e2e/faults-network', 'simulation/convergence', 'e2e/faults-stolen', 'e2e/delayed'],
  ...[
    'tools/dvo/dead-letters',
    'e2e/operator',
    'e2e/faults',
    'e2e/independence',
    'e2e/crash',
    'simulation/',
    'tools/dvo/steps.',
  ],
  ...['e2e/', 'local/broker', 'local/host', 'context/hostile', 'tools/packaging/', 'local/stack'],
  ...['infra/deployment', 'infra/compiler'],
];

const rankOf = ({ path }) => {
  const rank = LONG.findIndex((beginning) => path.includes(`/test/${beginning}`));
  return rank === -1 ? LONG.length : rank;
};

module.exports = class extends Sequencer {
  sort(tests) {
    return super.sort(tests).toSorted((one, other) => rankOf(one) - rankOf(other));
  }
};

/** Proves that what a service or an SDK says in an error reaches messages, logs and parked items short and without what can't be seen. */
import { RestError } from '@azure/data-tables';
import { expect, test } from '@jest/globals';
import { messageOf, OutboundError } from '../../shared/errors/errors';

test('[I63] the text of a foreign error: 1,000 characters, all of them visible', () => {
  const message = messageOf(new RestError(`\u001b[31m\u202e${'ü'.repeat(5000)}\nFAKE`));
  expect(message).toHaveLength(1000);
  expect(message).toMatch(/^\\u001b\[31m\\u202eü+…$/);
  expect(messageOf('x'.repeat(5000))).toHaveLength(1000);
  // A character of two units isn't cut in half.
  expect(messageOf(new Error(`x${'👩'.repeat(600)}`)).isWellFormed()).toBe(true);
});

test('what fits, and what we say ourselves, stays as it is', () => {
  expect(messageOf(new Error('The row is gone.'))).toBe('The row is gone.');
  expect(messageOf(new OutboundError('row-refused', 'y'.repeat(1500)))).toHaveLength(1500);
  expect(messageOf(new TypeError())).toBe('TypeError');
});

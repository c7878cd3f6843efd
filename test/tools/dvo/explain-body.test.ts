// Proves: what the operator's lists and `parked show` say of a body that was kept, context or notice; and that no body makes
// them fail.
import { expect, test } from '@jest/globals';
import { aboutBody, explainBody } from '../../../tools/dvo/parse/explain-body';
import { fixture } from '../../context/fixture-files';

test.each([
  ['update-contact.json', 'Update of contact'],
  ['delete-account.msbin1', 'Delete of account'],
  ['notices/update-account.json', 'Update of account'],
  ['notices/delete-account.json', 'Delete of account'],
  ['notices/trigger-update-account.json', 'context-invalid'],
])('%s: %s', (name, about) => expect(aboutBody(fixture(name))).toBe(about));

test('a notice in words, and one that says too little', () => {
  const explained = (name: string): string => explainBody({ source: 'webhook', body: fixture(name) });
  expect(explained('notices/update-account.json')).toMatch(
    /the notice of a flow[^]*Will be handled as a change of account/,
  );
  expect(explained('notices/trigger-update-account.json')).toMatch(/^can't be read: context-invalid: table must be/);
});

test('what is dated later than it arrived may prove it old, never new', () => {
  const body = fixture('update-contact.json');
  const order = (arrivedAtMs: number): string | undefined =>
    /^ {2}order +(.+)$/m.exec(explainBody({ source: 'webhook', body, arrivedAtMs }))?.[1];
  expect(order(Date.UTC(2026, 3, 2, 13, 5, 5))).toMatch(/^dated 2026-04-02T13:05:10/);
  expect(order(Date.UTC(2026, 3, 2, 13, 5, 4))).toMatch(/^not after 2026-04-02T13:05:09/);
});

import * as z from 'zod';
import { nearest } from './did-you-mean';

/** An object without other keys than these; an unknown one is told with the key that may be meant. */
export function strict<const S extends z.core.$ZodLooseShape>(
  shape: S,
  refused: Readonly<Record<string, string>> = {},
) {
  const known = Object.keys(shape);
  const told = (key: string): string => {
    const meant = nearest(key, known);
    return (
      (Object.hasOwn(refused, key) ? refused[key] : undefined) ??
      `is no known key${meant === undefined ? `; known are ${known.join(', ')}` : `; did you mean ${meant}?`}`
    );
  };
  return z.strictObject(shape, {
    // One line for each key, in their order.
    error: (issue) => (issue.code === 'unrecognized_keys' ? issue.keys.map(told).join('\n') : undefined),
  });
}

/** A fault and the place of it in the file, by keys and indexes. */
export interface Fault {
  readonly path: readonly (string | number)[];
  /** It is the key that is wrong, not its value. */
  readonly ofKey?: true;
  readonly text: string;
}

type Issue = z.core.$ZodIssue;

/** What a schema found, one sentence for each fault: without the values, which may be anyone's. */
export function schemaFaults(issues: readonly Issue[], at: Fault['path'] = []): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const path = [...at, ...issue.path.filter((part) => typeof part !== 'symbol')];
    switch (issue.code) {
      case 'unrecognized_keys': {
        const texts = issue.message.split('\n');
        return issue.keys.map((key, index) => ({
          path: [...path, key],
          ofKey: true,
          text: texts[index] ?? 'is no known key',
        }));
      }
      case 'invalid_union': {
        const meant = issue.errors.find((branch) => !branch.some(isAnotherForm));
        return meant === undefined ? [{ path, text: issue.message }] : schemaFaults(meant, path);
      }
      case 'invalid_type':
        // A schema's own words are better than those for its type; zod's own begin so.
        return issue.message.startsWith('Invalid input')
          ? [{ path, text: `must be ${NAMES[issue.expected] ?? issue.expected}` }]
          : [{ path, text: issue.message }];
      case 'invalid_value':
        return [{ path, text: `must be one of ${issue.values.map(String).join(', ')}` }];
      default:
        return [{ path, text: issue.message }];
    }
  });
}

/** Of several forms, one that the value doesn't begin to have. */
const isAnotherForm = ({ code, path }: Issue): boolean =>
  path.length === 0 && (code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union');

const NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
  null: 'empty',
};

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

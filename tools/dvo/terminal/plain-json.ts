/** Values that JSON has no form for, in one that people can read: maps as objects, large integers as their digits, … */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Map) return plainMembers(value.entries());
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return plainMembers(Object.entries(value));
  return value;
}

/** `fromEntries` defines members, so that one called `__proto__` stays a member. */
const plainMembers = (entries: Iterable<readonly [unknown, unknown]>): object =>
  Object.fromEntries([...entries].map(([name, value]) => [String(name), plain(value)]));

/** Anything of the change model as JSON text of several lines. */
export const plainJson = (value: unknown): string => JSON.stringify(plain(value), null, 2);

/** Which requests a listener passes on. */
export interface AllowRule {
  readonly methods: ReadonlySet<string>;
  /** Beginning of the path, with a slash at both ends. */
  readonly prefix: string;
}

/** `PUT,DELETE /rows/`. Undefined where it isn't one. */
export function allowRule(text: string): AllowRule | undefined {
  const [, methods = '', prefix = ''] = /^([A-Za-z]+(?:,[A-Za-z]+)*) (\/\S*)$/.exec(text.trim()) ?? [];
  if (methods === '') return undefined;
  return {
    methods: new Set(methods.toUpperCase().split(',')),
    prefix: prefix.endsWith('/') ? prefix : `${prefix}/`,
  };
}

/**
 * Whether a request may pass. A path that a server could read in two ways (dot segments, encoded or backward slashes) never does:
 * it would lead out of what is allowed.
 */
export function isAllowed(rules: readonly AllowRule[], method: string, target: string): boolean {
  const path = target.split('?')[0] ?? '';
  if (!path.startsWith('/') || /%2e|%2f|%5c|%00|\\|\/\//i.test(path) || /(?:^|\/)\.{1,2}(?:\/|$)/.test(path))
    return false;
  return rules.some(({ methods, prefix }) => methods.has(method.toUpperCase()) && `${path}/`.startsWith(prefix));
}

import { CONTRACTS } from './namespaces';

/** A name with its namespace: what a prefix stands for is decided where it is read. */
export interface QName {
  readonly uri: string;
  readonly name: string;
}

/** An element of a message, whichever form of XML it came in. */
export interface WireElement {
  readonly uri: string;
  readonly name: string;
  /** What `i:type` says the content is; null where it says nothing. */
  readonly type: QName | null;
  /** `i:nil`: there is no value. */
  readonly nil: boolean;
  /** Text directly inside, comments left out; bytes as base64, piece by piece, as .NET has them when text is asked for. */
  readonly text: string;
  /** Content that came as bytes alone, in the pieces it was sent in: none but the binary form has such. */
  readonly bytes: readonly Uint8Array[];
  /** The elements directly inside; a new list each time. */
  readonly children: readonly WireElement[];
  /** The last of the elements directly inside; null where there are none. */
  readonly last: WireElement | null;
  /** The element before this one, inside the same; null for the first. */
  readonly previous: WireElement | null;
}

/** All members of an object in the contracts' namespace: for whoever asks for many, of an object that may have any number. */
export function membersOf(element: WireElement): ReadonlyMap<string, WireElement> {
  const members = new Map<string, WireElement>();
  for (let child = element.last; child !== null; child = child.previous)
    if (child.uri === CONTRACTS && !members.has(child.name)) members.set(child.name, child);
  return members;
}

/**
 * A member of an object. Where one is sent twice the last one counts, as in JSON; undefined where it is not sent.
 *
 * @param uri the member's namespace @default that of the platform's contracts
 */
export function memberOf(element: WireElement, name: string, uri = CONTRACTS): WireElement | undefined {
  for (let child = element.last; child !== null; child = child.previous) {
    if (child.name === name && child.uri === uri) return child;
  }
  return undefined;
}

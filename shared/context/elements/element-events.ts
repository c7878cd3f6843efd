/** Keeps the content of elements in its own form until it is asked for: most of a message never is. */
export interface ContentSource {
  /** The content that stands at a place which the source itself has told: text, or bytes that stand for base64. */
  contentAt(at: number): string | Uint8Array;
}

/**
 * What a reader of XML meets, in the order of the document. Text XML and the binary form tell the same story, so
 * everything after it is the same for both.
 *
 * `open`, any `declare` and `attribute`, `opened`, then content, then `close`. Prefixes are as written: they may be used
 * before they are declared in the same start tag, so the consumer resolves them at `opened`.
 */
export interface ElementEvents {
  /** @param prefix empty without one */
  open(prefix: string, name: string): void;
  /** A namespace declaration. @param prefix empty for the default namespace */
  declare(prefix: string, uri: string): void;
  attribute(prefix: string, name: string, value: string): void;
  /** The start tag is complete. */
  opened(): void;
  /** Text, in as many pieces as the reader likes. In place of base64 bytes may stand: `content`. */
  text(piece: string): void;
  /** A piece that is text or bytes, checked already. */
  content(source: ContentSource, at: number): void;
  close(): void;
}

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
  /** Text, in as many pieces as the reader likes. */
  text(piece: string): void;
  /** Bytes that stand where text XML would have base64. */
  bytes(piece: Uint8Array): void;
  close(): void;
}

const XML = 'http://www.w3.org/XML/1998/namespace';
const XMLNS = 'http://www.w3.org/2000/xmlns/';

/**
 * The namespaces that are declared where a reader stands. Finding one takes the same time however deep the reader is and
 * however many are declared, for both are the sender's choice.
 * https://www.w3.org/TR/xml-names/
 */
export class NamespaceScope {
  /** Those that went out of scope stay as undefined: the same prefixes come again and again. */
  private readonly uris = new Map<string, string | undefined>([
    ['', ''],
    ['xml', XML],
  ]);

  /** What each declaration hid: prefix and former namespace. */
  private readonly hidden: { readonly prefix: string; readonly uri: string | undefined }[] = [];

  /** How much was hidden when each open element began. */
  private readonly marks: number[] = [];

  /** An element begins. */
  enter(): void {
    this.marks.push(this.hidden.length);
  }

  /** Declares a namespace for the element that was entered last; false when that is not allowed. */
  declare(prefix: string, uri: string): boolean {
    if (prefix === 'xml' || prefix === 'xmlns' || uri === XML || uri === XMLNS) return prefix === 'xml' && uri === XML;
    if (prefix !== '' && uri === '') return false;
    const mark = this.marks.at(-1) ?? 0;
    for (let at = this.hidden.length - 1; at >= mark; at--) if (this.hidden[at]?.prefix === prefix) return false;
    this.hidden.push({ prefix, uri: this.uris.get(prefix) });
    this.uris.set(prefix, uri);
    return true;
  }

  /** What a prefix stands for; undefined when it was not declared. The empty prefix is the default namespace. */
  uriOf(prefix: string): string | undefined {
    return this.uris.get(prefix);
  }

  /** The element that was entered last ends. */
  leave(): void {
    const mark = this.marks.pop() ?? 0;
    while (this.hidden.length > mark) {
      const last = this.hidden.pop();
      if (last !== undefined) this.uris.set(last.prefix, last.uri);
    }
  }
}

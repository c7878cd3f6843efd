import type { ContentSource, ElementEvents } from '../../shared/context/elements/element-events';

/** One thing that a reader of XML met. */
export type LoggedEvent =
  | { readonly kind: 'open'; readonly prefix: string; readonly name: string }
  | { readonly kind: 'declare'; readonly prefix: string; readonly uri: string }
  | { readonly kind: 'attribute'; readonly prefix: string; readonly name: string; readonly value: string }
  | { readonly kind: 'opened' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'close' };

/** Keeps what a reader meets, to be changed and written again. */
export class EventLog implements ElementEvents {
  readonly events: LoggedEvent[] = [];

  open(prefix: string, name: string): void {
    this.events.push({ kind: 'open', prefix, name });
  }

  declare(prefix: string, uri: string): void {
    this.events.push({ kind: 'declare', prefix, uri });
  }

  attribute(prefix: string, name: string, value: string): void {
    this.events.push({ kind: 'attribute', prefix, name, value });
  }

  opened(): void {
    this.events.push({ kind: 'opened' });
  }

  text(text: string): void {
    this.events.push({ kind: 'text', text });
  }

  content(source: ContentSource, at: number): void {
    const content = source.contentAt(at);
    if (typeof content !== 'string') this.events.push({ kind: 'bytes', bytes: content });
    else if (content !== '') this.text(content);
  }

  close(): void {
    this.events.push({ kind: 'close' });
  }
}

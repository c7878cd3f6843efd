/**
 * A text as it may be shown: without users and queries of addresses, and without shared access signatures and keys. Texts
 * from Dataverse are anyone's: an address that was typed in by hand may have its key in it.
 */
export const withoutSecrets = (text: string): string =>
  text
    .replace(/(:\/\/)[^\s/?#@]+@/g, '$1…@')
    .replace(/\?[^\s"'<>]+/g, '?…')
    .replace(/\b(sig|SharedAccessKey)=[^\s&;"'<>]+/gi, '$1=…');

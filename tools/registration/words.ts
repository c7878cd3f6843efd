/**
 * The words of a declaration and the numbers that Dataverse has for them.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/serviceendpoint
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/sdkmessageprocessingstep
 */

/**
 * What an endpoint is: `contract`. A queue is the persistent one: 2 was a message buffer, which was retired.
 * https://learn.microsoft.com/previous-versions/dynamicscrm-2013/developers-guide/gg309657(v=crm.6)
 */
export const CONTRACTS = { queue: 6, topic: 5, eventHub: 7, webhook: 8 } as const;

/** How an endpoint is shown that it is Dataverse: `authtype`. */
export const AUTH_KINDS = { sasKey: 2, sasToken: 3, webhookKey: 4, httpHeader: 5, httpQueryString: 6 } as const;

/** In what form the context is sent: `messageformat`. */
export const FORMATS = { binary: 1, json: 2, xml: 3 } as const;

/** `messagecharset`. */
export const CHARSETS = { default: 0, utf8: 1 } as const;

/** What a message's properties say of the user: `userclaim`. */
export const CLAIMS = { none: 1, userId: 2, userInfo: 3 } as const;

/** `stage`. */
export const STAGES = { preValidation: 10, preOperation: 20, postOperation: 40 } as const;

/** `mode`. */
export const MODES = { synchronous: 0, asynchronous: 1 } as const;

/** `imagetype`. */
export const IMAGE_TYPES = { pre: 0, post: 1, both: 2 } as const;

/** The words of one of these, as a list that a schema takes. */
export const wordsOf = <W extends string>(numbers: Readonly<Record<W, number>>): [W, ...W[]] =>
  Object.keys(numbers) as [W, ...W[]];

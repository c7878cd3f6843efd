interface Attribute {
  readonly key: string;
  readonly value: unknown;
}

/** What listeners take from an event's JSON. */
export interface WireContext {
  readonly PrimaryEntityId: string;
  readonly OperationId: string;
  readonly MessageName: string;
  readonly InputParameters: readonly {
    readonly key: string;
    readonly value: { readonly Attributes: readonly Attribute[] };
  }[];
}

/** The columns of Target, simply: a choice, a lookup or money as its bare value, a date as a Date. */
export function targetColumns({ InputParameters }: WireContext): Record<string, unknown> {
  const target = InputParameters.find(({ key }) => key === 'Target')?.value.Attributes ?? [];
  return Object.fromEntries(target.map(({ key, value }) => [key, plain(value)]));
}

function plain(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    const { Value, Id } = value as { readonly Value?: unknown; readonly Id?: unknown };
    return Value ?? Id;
  }
  const date = typeof value === 'string' ? /^\/Date\((-?\d+)/.exec(value)?.[1] : undefined;
  return date === undefined ? value : new Date(Number(date));
}

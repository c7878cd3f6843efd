/**
 * A Web API of registration tables made of plain rows, for what the simulator can't have: steps of plug-ins, managed
 * parts, answers of its own. Filters are carried out.
 */
import { compileFilter } from '../../../local/dataverse/web-api/odata-filter';
import { applyChange } from '../../../tools/registration/apply';
import type { Declaration } from '../../../tools/registration/declaration-schema';
import { prepare, type Prepared } from '../../../tools/registration/make-plan';
import { readDeclaration } from '../../../tools/registration/read-declaration';
import { readSecrets } from '../../../tools/registration/secrets';

export type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

export const WRITTEN = '2026-03-14T09:26:53Z';
export const UPDATE = '00000000-0000-4000-8000-000000000001';
export const ACCOUNT_UPDATE = '00000000-0000-4000-8000-000000000002';
export const HOOK = '00000000-0000-4000-8000-00000000000a';
export const STEP = '00000000-0000-4000-8000-00000000000b';
export const PLUGIN = '00000000-0000-4000-8000-00000000000c';
export const IMAGE = '00000000-0000-4000-8000-00000000000d';

/** What every environment has. */
const PLATFORM: Rows = {
  sdkmessages: [{ sdkmessageid: UPDATE, name: 'Update' }],
  sdkmessagefilters: [
    { sdkmessagefilterid: ACCOUNT_UPDATE, primaryobjecttypecode: 'account', _sdkmessageid_value: UPDATE },
  ],
};

/** A webhook that is registered. */
export const hookRow = (more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  ...{ serviceendpointid: HOOK, name: 'a hook', contract: 8, authtype: 4, url: 'https://a.example/hook' },
  ...{ isauthvalueset: true, modifiedon: WRITTEN, description: '[dvo owner=a item=hook]' },
  ...more,
});

/** A step that is registered. */
export const stepRow = (more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  ...{ sdkmessageprocessingstepid: STEP, name: 'a step', _eventhandler_value: HOOK, _sdkmessageid_value: UPDATE },
  ...{ _sdkmessagefilterid_value: ACCOUNT_UPDATE, stage: 40, mode: 1, rank: 1, asyncautodelete: true, statecode: 0 },
  ...{ modifiedon: WRITTEN, description: '[dvo owner=a item=s]' },
  ...more,
});

/** The environment; what is changed is kept, and not carried out. */
export class Registry {
  readonly changes: { readonly method: string; readonly path: string; readonly body: unknown }[] = [];
  /** What a change fails with. */
  refusal: Error | undefined;

  constructor(public rows: Rows = {}) {}

  readonly get = (path: string): Promise<{ body: string; dateMs: number; sentMs: number }> => {
    const { pathname, searchParams } = new URL(path, 'https://org.example/');
    const filter = searchParams.get('$filter');
    const matches = filter === null ? () => true : compileFilter(filter);
    const set = pathname.slice(1);
    const value = (this.rows[set] ?? PLATFORM[set] ?? []).filter((row) =>
      matches((name) => (row[name] ?? null) as string | null),
    );
    return Promise.resolve({ body: JSON.stringify({ value }), dateMs: Date.parse(WRITTEN), sentMs: 0 });
  };

  readonly getCurrent = (): Promise<{ body: string; dateMs: number; sentMs: number }> =>
    Promise.resolve({
      body: JSON.stringify({ ChangeTrackingEnabled: true, Attributes: [{ LogicalName: 'name' }] }),
      dateMs: Date.parse(WRITTEN),
      sentMs: 0,
    });

  readonly change = (method: string, path: string, body?: unknown): Promise<void> => {
    this.changes.push({ method, path, body });
    return this.refusal === undefined ? Promise.resolve() : Promise.reject(this.refusal);
  };

  /** A plan for it. */
  async plan(text: string, variables: Readonly<Record<string, string>> = { K: 'the-key' }): Promise<Prepared> {
    const declaration = declarationOf(text);
    const secrets = await readSecrets(declaration, variables, () => Promise.reject(new Error('there is no vault')));
    return prepare(this, declaration, secrets);
  }
}

export function declarationOf(text: string): Declaration {
  const read = readDeclaration('d.yaml', text, { variables: {} });
  if (!read.ok) throw new Error(read.faults.join('\n'));
  return read.file;
}

/** Carries a plan out. */
export async function carriedOut({ plan, input }: Prepared): Promise<void> {
  for (const change of plan.changes) await applyChange(change, input);
}

export const HOOK_DECLARED = `owner: a
endpoints:
  hook: { kind: webhook, id: ${HOOK}, name: a hook, url: https://a.example/hook, auth: { webhookKey: { env: K } } }
`;

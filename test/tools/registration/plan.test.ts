/**
 * Proves, with environments that the simulator can't be, that a plan shows no secret, doesn't touch what isn't the
 * owner's, and finds everything that is; and that what has changed since the plan was made is seen before anything is deleted.
 */
import { describe, expect, test } from '@jest/globals';
import { fingerprintOf } from '../../../tools/registration/secrets';
import { withMark } from '../../../tools/registration/item';
import type { Change } from '../../../tools/registration/plan';
import {
  carriedOut,
  declarationOf,
  HOOK,
  HOOK_DECLARED,
  hookRow,
  IMAGE,
  PLUGIN,
  Registry,
  STEP,
  stepRow,
  WRITTEN,
} from './registry';
import { desiredItems } from '../../../tools/registration/desired-items';

const step = (more: string): string =>
  `${HOOK_DECLARED}steps:\n  s: { table: account, message: Update, endpoint: hook, name: a step${more} }\n`;

const differences = (changes: readonly Change[]): unknown[] =>
  changes.flatMap((change) => ('differences' in change ? change.differences : []));

describe('steps that validate', () => {
  const noteOf = async (declaration: string): Promise<readonly string[]> =>
    (await new Registry().plan(declaration)).plan.notes.filter((note) => note.includes('validate'));
  const validating = (more = ''): string =>
    HOOK_DECLARED.replace('https://a.example/hook', 'https://a.example/api/validate') +
    `steps:\n  s: { table: account, message: Update, endpoint: hook, mode: synchronous, stage: preValidation${more} }\n`;

  test('are told to make everybody wait, and how to stop them', async () => {
    expect(await noteOf(validating())).toEqual([
      expect.stringMatching(/^s: whoever saves a row of account waits for validate.*always ready.*enabled: false/),
    ]);
  });

  test('not where they are disabled, and not of other endpoints', async () => {
    expect(await noteOf(validating(', enabled: false'))).toEqual([]);
    expect(await noteOf(step(''))).toEqual([]);
  });
});

describe('what may be a secret is not shown', () => {
  test("an address's query and user", async () => {
    const { plan } = await new Registry({
      serviceendpoints: [hookRow({ url: 'https://u:Hunter2@else.example/x?code=Hunter2' })],
    }).plan(HOOK_DECLARED);
    expect(differences(plan.changes)).toContainEqual({
      field: 'url',
      from: 'https://…@else.example/x?…',
      to: 'https://a.example/hook',
    });
    expect(JSON.stringify(plan)).toContain('else.example');
    expect(
      JSON.stringify(plan.changes.map((change) => ('differences' in change ? change.differences : []))),
    ).not.toContain('Hunter2');
  });

  test('names of others, in notes and faults', async () => {
    const theirs = stepRow({ name: 'posts to https://x.example/?code=Hunter2', description: null });
    const registry = new Registry({
      serviceendpoints: [hookRow()],
      sdkmessageprocessingsteps: [theirs],
    });
    const { plan } = await registry.plan(HOOK_DECLARED);
    expect(plan.notes).toContainEqual(expect.stringContaining('https://x.example/?…'));
    expect(plan.notes.join()).not.toContain('Hunter2');
    expect(JSON.stringify((await registry.plan('owner: a')).plan.faults)).not.toContain('Hunter2');
  });

  test('an error text of Dataverse that repeats the secret that it was sent', async () => {
    const registry = new Registry();
    const two = HOOK_DECLARED.replace('webhookKey: { env: K }', 'httpHeader: { x-a: { env: K }, x-b: { env: L } }');
    const prepared = await registry.plan(two, { K: 'Hunter&2', L: 'Hunter3' });
    registry.refusal = new Error('authvalue Hunter&amp;2 or Hunter3 or Hunter&2 is not good');
    await expect(carriedOut(prepared)).rejects.toThrow('authvalue … or … or … is not good');
  });
});

describe("what isn't the owner's", () => {
  test("a plug-in's step isn't taken over by an id that was mistaken", async () => {
    const { plan } = await new Registry({
      serviceendpoints: [hookRow()],
      sdkmessageprocessingsteps: [stepRow({ _eventhandler_value: PLUGIN, description: null })],
    }).plan(step(`, id: ${STEP}`));
    expect(plan.faults).toEqual([
      expect.objectContaining({
        path: ['steps', 's', 'id'],
        text: expect.stringContaining("doesn't belong to a service endpoint"),
      }),
    ]);
  });

  test("a step of the owner's that somebody gave to a plug-in is found again: declared, and no longer declared", async () => {
    const registry = new Registry({
      serviceendpoints: [hookRow()],
      sdkmessageprocessingsteps: [stepRow({ _eventhandler_value: PLUGIN })],
    });
    const declared = await registry.plan(step(`, id: ${STEP}`));
    expect([declared.plan.faults, differences(declared.plan.changes)]).toEqual([
      [],
      expect.arrayContaining([{ field: 'endpoint', from: PLUGIN, to: 'hook' }]),
    ]);
    const gone = await registry.plan(HOOK_DECLARED);
    expect(gone.plan.changes).toContainEqual(expect.objectContaining({ action: 'delete' }));
  });

  test('what came with a managed solution is not deleted: only that can', async () => {
    const { plan } = await new Registry({
      serviceendpoints: [hookRow()],
      sdkmessageprocessingsteps: [stepRow({ ismanaged: true })],
    }).plan(HOOK_DECLARED);
    expect(plan.faults).toEqual([
      expect.objectContaining({ text: expect.stringMatching(/^lacks step s: .* managed solution/) }),
    ]);
  });

  test('an endpoint that goes where another one goes is told: each event would come twice', async () => {
    const { plan } = await new Registry({
      serviceendpoints: [hookRow({ description: '[dvo owner=b item=hook]', url: 'https://A.example/hook' })],
    }).plan(HOOK_DECLARED.replace(`id: ${HOOK}, `, ''));
    expect(plan.notes).toEqual([
      `endpoint hook has the same address as endpoint a hook (${HOOK}), which is b's: events sent to both come twice`,
    ]);
  });

  test('the description of an image that is taken over is not lost unsaid', async () => {
    const { plan } = await new Registry({
      serviceendpoints: [hookRow()],
      sdkmessageprocessingsteps: [stepRow()],
      sdkmessageprocessingstepimages: [
        {
          ...{ sdkmessageprocessingstepimageid: IMAGE, _sdkmessageprocessingstepid_value: STEP, entityalias: 'i' },
          ...{ imagetype: 0, messagepropertyname: 'Target', attributes: 'name', description: 'keep me' },
        },
      ],
    }).plan(step(`, id: ${STEP}, images: { i: { id: ${IMAGE}, type: pre, columns: [name] } }`));
    expect(differences(plan.changes)).toContainEqual({ field: 'description', from: 'keep me', to: null });
  });
});

describe('what has changed since the plan was made', () => {
  test('is seen before something is deleted: it is gone, or no longer the owner’s', async () => {
    const registry = new Registry({
      serviceendpoints: [hookRow()],
      sdkmessageprocessingsteps: [stepRow()],
    });
    const prepared = await registry.plan('owner: a');
    expect(prepared.plan.changes.map(({ action }) => action)).toEqual(['delete', 'delete']);

    registry.rows = { serviceendpoints: [hookRow({ description: 'ours now' })] };
    await expect(carriedOut(prepared)).rejects.toThrow(/endpoint hook no longer has a's mark/);
    expect(registry.changes).toEqual([]);

    registry.rows = { serviceendpoints: [hookRow()], sdkmessageprocessingsteps: [stepRow({ description: null })] };
    await expect(carriedOut(prepared)).rejects.toThrow(/step s: .* no longer has a's mark/);
    expect(registry.changes).toEqual([]);

    registry.rows = {};
    await carriedOut(prepared);
    expect(registry.changes).toEqual([]);
  });

  test("an endpoint to which somebody's step posts by now isn't deleted: the step would go along", async () => {
    const registry = new Registry({ serviceendpoints: [hookRow()] });
    const prepared = await registry.plan('owner: a');
    registry.rows = { ...registry.rows, sdkmessageprocessingsteps: [stepRow({ description: null })] };
    await expect(carriedOut(prepared)).rejects.toThrow(/endpoint hook .* steps post to it/);
    expect(registry.changes).toEqual([]);
    registry.rows = { serviceendpoints: [hookRow()] };
    await carriedOut(prepared);
    expect(registry.changes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `DELETE serviceendpoints(${HOOK})`,
    ]);
  });
});

describe('a secret that can’t be read', () => {
  const marked = async (writtenMs: number): Promise<string> =>
    withMark(null, { owner: 'a', item: 'hook', secret: { fingerprint: await fingerprintOf('the-key'), writtenMs } });

  test('whoever writes another time into the mark hides no change', async () => {
    for (const seconds of [-60, 60]) {
      const description = await marked(Date.parse(WRITTEN) + seconds * 1000);
      const { plan } = await new Registry({ serviceendpoints: [hookRow({ description })] }).plan(HOOK_DECLARED);
      expect(differences(plan.changes)).toEqual([expect.objectContaining({ field: 'secret' })]);
    }
    const description = await marked(Date.parse(WRITTEN) + 5000);
    const { plan } = await new Registry({ serviceendpoints: [hookRow({ description })] }).plan(HOOK_DECLARED);
    expect(differences(plan.changes)).toEqual([]);
  });
});

test('nothing is bound to nothing in what is made', async () => {
  const registry = new Registry();
  await carriedOut(await registry.plan(step('').replace('table: account, ', '')));
  const bodies = registry.changes.map(({ body }) => body as Record<string, unknown>);
  expect(bodies).toHaveLength(2);
  expect(bodies.flatMap((body) => Object.entries(body).filter(([, value]) => value === null))).toEqual([]);
});

test('ids mean the same in either case, and descriptions without the space around them', () => {
  const letters = 'ABCDEF00-0000-4000-8000-00000000000B';
  const of = (id: string): unknown =>
    desiredItems(
      declarationOf(step(`, id: ${id}, description: "Rows. \\n", images: { i: { type: pre, columns: all } }`)),
    );
  expect(of(letters)).toEqual(of(letters.toLowerCase()));
  expect(of(letters)).toContainEqual(
    expect.objectContaining({ kind: 'step', fields: expect.objectContaining({ description: 'Rows.' }) }),
  );
  const [endpoint] = desiredItems(declarationOf(HOOK_DECLARED.replace('name: a hook', "description: ' '")));
  expect(endpoint?.fields.description).toBeNull();
});

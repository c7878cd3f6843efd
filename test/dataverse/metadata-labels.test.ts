/** Proves which label of a choice is taken: by the languages asked for, in their order, then English, then the lowest code. */
import { describe, expect, test } from '@jest/globals';
import { MetadataCatalog } from '../../shared/dataverse/metadata';
import type { WebApi } from '../../shared/dataverse/web-api';

/** Value 1 has German, English and Norwegian labels, 2 English and Norwegian, 3 French and Norwegian. */
const LABELS = [
  [1, 1031, 'Gelb'],
  [1, 1033, 'Yellow'],
  [1, 1044, 'Gul'],
  [2, 1044, 'Rød'],
  [2, 1033, 'Red'],
  [3, 1044, 'Blå'],
  [3, 1036, 'Bleu'],
] as const;

/** The labels come on two pages. */
function answer(path: string): unknown {
  const rows = LABELS.map(([attributevalue, langid, value]) => ({ attributename: 'x', attributevalue, langid, value }));
  if (path.startsWith('stringmaps')) return { value: rows.slice(0, 4), '@odata.nextLink': 'https://next' };
  if (path === 'https://next') return { value: rows.slice(4) };
  if (path.includes('DateTimeAttributeMetadata')) return { value: [] };
  return {
    ...{ EntitySetName: 'things', PrimaryIdAttribute: 'thingid', ChangeTrackingEnabled: true },
    Attributes: [{ LogicalName: 'x', AttributeType: 'Picklist' }],
  };
}

const api = {
  get: (path: string) => Promise.resolve({ body: JSON.stringify(answer(path)), dateMs: 0, sentMs: 0 }),
} as unknown as WebApi;

describe('the label of a choice', () => {
  test.each([
    ['without languages: English, else the lowest code', undefined, ['Yellow', 'Red', 'Bleu']],
    ['Norwegian', [1044], ['Gul', 'Rød', 'Blå']],
    ['German, else Norwegian', [1031, 1044], ['Gelb', 'Rød', 'Blå']],
    ['German only: else English, else the lowest code', [1031], ['Gelb', 'Red', 'Bleu']],
    ['a language that nothing has', [1099], ['Yellow', 'Red', 'Bleu']],
  ])('%s', async (_what, languages, then) => {
    const column = (await new MetadataCatalog(api, languages).get('thing')).columns.get('x');
    expect([...(column?.labels?.values() ?? [])]).toEqual(then);
    expect(column?.labelsByLanguage === undefined).toBe((languages ?? []).length < 2);
  });
  test('of several languages each one that is asked for', async () => {
    const column = (await new MetadataCatalog(api, [1044, 1031]).get('thing')).columns.get('x');
    expect([...(column?.labelsByLanguage ?? [])].map(([value, of]) => [value, ...of])).toEqual([
      [1, [1031, 'Gelb'], [1044, 'Gul']],
      [2, [1044, 'Rød']],
      [3, [1044, 'Blå']],
    ]);
  });
});

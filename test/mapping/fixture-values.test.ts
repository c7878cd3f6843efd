/**
 * Proves what the fixtures' special values are stored as, the same from each format; and that a pull stores them so too, as far as
 * a read shows them.
 */
import { describe, expect, test } from '@jest/globals';
import { readContext } from '../../shared/context/read-context';
import { changesOf } from '../../shared/context/messages/to-changes';
import { readRow } from '../../shared/dataverse/odata-row';
import { encodeColumns, type Property } from '../../shared/lob/tables/columns';
import { conformChange } from '../../shared/mapping/conform';
import type { ColumnType, TableDefinition } from '../../shared/mapping/table-definition';
import { fixture } from '../context/fixture-files';
import { mappingOf } from './mappings';

const FORMATS = ['json', 'xml', 'msbin1'] as const;

const definitionOf = (table: string, types: Readonly<Record<string, ColumnType>>): TableDefinition => ({
  ...{ table, entitySet: `${table}s`, primaryId: `${table}id`, changeTracking: true },
  columns: new Map(Object.entries(types).map(([name, type]) => [name, { name, type }])),
});

/** What lies in the store of a fixture's row. */
function stored(file: string, mapping: string, definition?: TableDefinition): Record<string, Property> {
  const body = fixture(file);
  const [change] = changesOf(readContext(body), { source: 'test', body });
  if (change === undefined || 'relationship' in change) throw new Error('no change of a row');
  const conformed = conformChange(change, definition);
  if (conformed.kind === 'delete') throw new Error('no columns');
  const columns = mappingOf(mapping).tableOf(change.row.table).map(change.row, conformed.columns);
  return Object.fromEntries(encodeColumns(columns));
}

describe.each(FORMATS)('in %s', (format) => {
  test('without metadata an image is left out unless it is named, and a file comes with its name', () => {
    const all = stored(`update-contact-image.${format}`, '');
    expect(all).not.toHaveProperty('entityimage');
    expect(all).toHaveProperty('entityimage_url');
    expect(
      stored(
        `update-contact-image.${format}`,
        "tables: { contact: { columns: { '*': drop, entityimage: keep, new_contract: keep } } }",
      ),
    ).toEqual({
      entityimage: { type: 'Binary', value: expect.stringMatching(/^CzBVep\/E6Q4/) },
      entityimage_timestamp: expect.anything(),
      entityimage_url: expect.stringContaining('/Image/download.aspx'),
      new_contract: '365092da-7683-43da-8855-63f2f979c18b',
      new_contract_name: 'contract 7.pdf',
    });
  });

  test('a managed property is the Boolean that a read of it is', () => {
    const managed = { iscustomizable: false, iscustomprocessingstepallowedforotherpublishers: true };
    const { columns } = readRow(
      JSON.stringify({
        '@odata.etag': 'W/"7"',
        workflowid: '74552a5b-864b-4503-a661-c7b0af3beec8',
        ...Object.fromEntries(
          Object.entries(managed).map(([name, value]) => [
            name,
            { Value: value, CanBeChanged: value, ManagedPropertyLogicalName: name },
          ]),
        ),
      }),
      definitionOf('workflow', {
        workflowid: 'guid',
        ...Object.fromEntries(Object.keys(managed).map((name) => [name, 'managed'])),
      }),
    );
    expect(stored(`update-workflow-managed.${format}`, '')).toMatchObject(managed);
    expect(Object.fromEntries(encodeColumns(columns))).toMatchObject(managed);
  });

  test('dates that Azure has no DateTime for are text, and so are times without a zone', () => {
    const types = { new_founded: 'wallTime', new_never: 'instant', new_firstallowed: 'instant' } as const;
    const definition = definitionOf('account', { ...types, new_lastrefused: 'instant', new_forever: 'instant' });
    expect(stored(`create-account-old-dates.${format}`, '', definition)).toMatchObject({
      new_founded: '1066-10-14T00:00:00.000',
      new_never: '0001-01-01T00:00:00.000Z',
      new_firstallowed: { type: 'DateTime', value: '1601-01-01T00:00:00.000Z' },
      new_lastrefused: '1600-12-31T23:59:59.999Z',
      new_forever: { type: 'DateTime', value: '9999-12-31T23:59:59.999Z' },
    });
  });
});

import { BEGINNING } from '../change/instant';
import type { RowAddress } from '../change/row-change';
import { NO_VERSION } from '../change/row-version';
import { linkBetween, linkedIds, orderedEnds } from '../mapping/link';
import type { RelationshipCatalog } from '../mapping/relationship';
import type { TableCatalog } from '../mapping/table-definition';
import type { RowRead, RowReader } from '../writer/read-back';
import { AnswerUnreadable, readPage } from './odata-row';
import { spanOf } from './row-reader';
import { manyToMany, RelationshipUnknown } from './relationships';
import type { WebApi } from './web-api';

/** Reads links back: one query of the intersect table each. The row there has a version but no `modifiedon`. */
export class WebApiLinkReader implements RowReader {
  constructor(
    private readonly api: WebApi,
    private readonly tables: TableCatalog,
    private readonly relationships: RelationshipCatalog,
  ) {}

  async read(link: RowAddress): Promise<RowRead> {
    const ids = linkedIds(link);
    const relationship = await manyToMany(this.relationships, link.table);
    const [first, second] = orderedEnds(relationship);
    if (ids === undefined) throw new RelationshipUnknown(link.table);
    const definition = await this.tables.get(relationship.intersect);
    const response = await this.api.get(
      `${definition.entitySet}?$filter=${first.column} eq ${ids[0]} and ${second.column} eq ${ids[1]}`,
    );
    const span = spanOf(response);
    const [row] = readPage(response.body, definition).items;
    if (row === undefined) return { kind: 'missing', ...span };
    if (row.kind !== 'row' || row.version === NO_VERSION)
      throw new AnswerUnreadable(relationship.intersect, 'a row has no version');
    const { columns } = linkBetween(link.table, relationship, ids);
    return { kind: 'found', columns, version: row.version, modifiedOn: BEGINNING, ...span };
  }
}

import type { Tx } from '@octopipe/shared/db/index';
import type { Payload } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { sql } from 'kysely';
import { entityTable } from '../destination/entity-table.js';
import type { AccountSymbols } from '../destination/resolve-payload.js';
import { fieldKey } from '../destination/resolve-payload.js';
import type { Image } from '../verify/image.js';
import type { RecordFacts } from './decide.js';

/** A record of ours as Postgres knows it. */
export interface OurRecord {
  targetKey: string;
  entity: Entity;
  targetId: string;
  /** Of a record that stands under another: that one's id. */
  parentId: string | null;
  payload: Payload;
  /** Of a record that stood there before us, the fields that we wrote. */
  writtenFields: string[] | null;
  /** Null: not known, or made too late to tell our words from somebody's. */
  afterImage: Image | null;
  beforeImage: Image | null;
  maker: RecordFacts['maker'];
}

/** The ids of all records of the migration in this account. */
export async function idsOfOurs(
  tx: Tx,
  run: { migrationId: string; connectionId: string },
): Promise<Array<{ targetKey: string; entity: Entity; targetId: string }>> {
  const rows = await ofMigration(tx, run)
    .select(['target.targetKey', 'target.entity', 'target.targetId'])
    .execute();
  return rows.map((row) => ({ ...row, entity: row.entity as Entity }));
}

/** Records of the migration of one entity: all, those of these keys, or those under these parents. */
export async function readOurs(
  tx: Tx,
  run: { migrationId: string; connectionId: string },
  entity: Entity,
  only: { keys?: ReadonlyArray<string>; parentIds?: ReadonlyArray<string> } = {},
): Promise<OurRecord[]> {
  const { keys, parentIds } = only;
  const rows = await ofMigration(tx, run)
    .leftJoin('loader.beforeImage as before', (join) =>
      join
        .onRef('before.connectionId', '=', 'target.connectionId')
        .onRef('before.targetKey', '=', 'target.targetKey'),
    )
    .select([
      'target.targetKey',
      'target.targetId',
      'target.parentId',
      'target.payload',
      'target.writtenFields',
      sql<Image | null>`case when target.image_is_late then null else target.after_image end`.as('afterImage'),
      'before.image as beforeImage',
      // Only an account's own yes to a create makes a record ours: a row alone could be a match that went wrong.
      sql<boolean>`exists (select from loader.intent made where made.connection_id = target.connection_id
        and made.target_key = target.target_key and made.operation = 'create' and made.state = 'confirmed'
        and made.target_id = target.target_id)`.as('isOurs'),
    ])
    .where('target.entity', '=', entity)
    .$if(keys !== undefined, (query) =>
      query.where('target.targetKey', '=', sql<string>`any(${[...(keys ?? [])]}::text[])`),
    )
    .$if(parentIds !== undefined, (query) =>
      query.where('target.parentId', '=', sql<string>`any(${[...(parentIds ?? [])]}::text[])`),
    )
    .execute();
  return rows.map(({ isOurs, ...row }) => ({
    ...row,
    entity,
    payload: row.payload as Payload,
    beforeImage: row.beforeImage as Image | null,
    maker: makerOf(isOurs, row.beforeImage !== null),
  }));
}

/** Both at once is a contradiction, and so is neither. */
function makerOf(isOurs: boolean, hasBefore: boolean): RecordFacts['maker'] {
  if (isOurs === hasBefore) return 'unknown';
  return isOurs ? 'ours' : 'theirs';
}

/** The fields that we wrote into a record, as its image names them. */
export function fieldsWeWrote(
  record: Pick<OurRecord, 'entity' | 'payload' | 'writtenFields'>,
  symbols: Pick<AccountSymbols, 'fields'>,
): Set<string> {
  if (record.writtenFields !== null) return new Set(record.writtenFields);
  const { fieldsOf, fieldsOnRoot } = entityTable[record.entity];
  const { custom_fields: custom, ...root } = record.payload;
  const codes = Object.keys((custom ?? {}) as Payload).flatMap((name) => {
    const code = symbols.fields.get(fieldKey(fieldsOf ?? record.entity, name))?.code;
    return code === undefined ? [] : [fieldsOnRoot ? code : `custom_fields.${code}`];
  });
  return new Set([...Object.keys(root), ...codes]);
}

function ofMigration(tx: Tx, run: { migrationId: string; connectionId: string }) {
  return tx
    .selectFrom('loader.targetRecord as target')
    .innerJoin('loader.run as maker', 'maker.id', 'target.createdByRun')
    .where('target.connectionId', '=', run.connectionId)
    .where('maker.migrationId', '=', run.migrationId);
}

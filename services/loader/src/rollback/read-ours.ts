import type { Tx } from '@octopipe/shared/db/index';
import type { Json } from '@octopipe/shared/db/types';
import type { Payload } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { sql } from 'kysely';
import { entityTable } from '../destination/entity-table.js';
import type { AccountSymbols } from '../destination/resolve-payload.js';
import { fieldKey } from '../destination/resolve-payload.js';
import type { Image } from '../verify/image.js';
import { lostUntil, type OpenPatch, openPatchOf } from '../write/open-patch.js';
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
  open: OpenPatch | null;
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
      'target.afterImage',
      'target.patched',
      'target.lostUntil',
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
  return rows.map(({ isOurs, patched, lostUntil, ...row }) => ({
    ...row,
    entity,
    open: openPatchOf({ patched, lostUntil }),
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

/**
 * The records that the account confirmed, and those of theirs whose first patch it did not: if its answer was lost, it may
 * have arrived. Then what it was to write is taken for what we wrote; a look tells. Refused, it has written nothing.
 */
function ofMigration(tx: Tx, run: { migrationId: string; connectionId: string }) {
  const confirmed = tx
    .selectFrom('loader.targetRecord as known')
    .innerJoin('loader.run as maker', 'maker.id', 'known.createdByRun')
    .select([
      'known.connectionId',
      'known.targetKey',
      'known.entity',
      'known.targetId',
      'known.parentId',
      'known.payload',
      'known.writtenFields',
      sql<Image | null>`case when known.image_is_late then null else known.after_image end`.as('afterImage'),
      'known.patched',
      lostUntil('known').as('lostUntil'),
    ])
    .where('known.connectionId', '=', run.connectionId)
    .where('maker.migrationId', '=', run.migrationId);
  const tried = tx
    .selectFrom('loader.beforeImage as known')
    .innerJoin('loader.run as maker', 'maker.id', 'known.takenByRun')
    .select([
      'known.connectionId',
      'known.targetKey',
      'known.entity',
      'known.targetId',
      sql<string | null>`null`.as('parentId'),
      sql<Json>`'{}'::jsonb`.as('payload'),
      sql<
        string[] | null
      >`case when exists (select from loader.intent lost where lost.connection_id = known.connection_id
          and lost.target_key = known.target_key and lost.operation = 'update' and lost.releases > 0)
        then array(select jsonb_object_keys(known.patched)) else '{}' end`.as('writtenFields'),
      sql<Image | null>`known.image || known.patched`.as('afterImage'),
      sql<Json | null>`null::jsonb`.as('patched'),
      sql<Date | null>`null::timestamptz`.as('lostUntil'),
    ])
    .where('known.connectionId', '=', run.connectionId)
    .where('maker.migrationId', '=', run.migrationId)
    .where('known.patched', 'is not', null)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('loader.targetRecord as target')
            .select('target.targetKey')
            .whereRef('target.connectionId', '=', 'known.connectionId')
            .whereRef('target.targetKey', '=', 'known.targetKey'),
        ),
      ),
    );
  return tx.selectFrom(confirmed.unionAll(tried).as('target'));
}

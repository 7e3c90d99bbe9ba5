import { sql } from 'kysely';
import type { Tx } from '../db/index.js';
import { MappingContent } from '../domain/mapping/content.js';
import type {
  MappedRecord,
  Payload,
  SourceLink,
  SourceOutcome,
  TargetKey,
} from '../domain/mapping/record.js';
import type { Entity } from '../domain/run/states.js';

/** What one export became under one mapping version. Complete, and never changed again, once `mapped`. */
export interface MappedSet {
  id: string;
  migrationId: string;
  exportId: string;
  mappingVersionId: string;
  state: 'mapping' | 'mapped' | 'failed';
  /** Why it failed, e.g. `dangling_reference`, `equation_broken`; null otherwise. */
  errorCode: string | null;
  finishedAt: Date | null;
}

export interface MappingVersion {
  id: string;
  migrationId: string;
  exportId: string;
  number: number;
  state: 'proposed' | 'confirmed' | 'superseded';
  content: MappingContent;
  contentHash: string;
  confirmedBy: string | null;
  confirmedAt: Date | null;
  waived: boolean;
}

export interface LoadBatch {
  id: string;
  entity: Entity;
  seq: number;
  targetKeys: TargetKey[];
}

export type OutcomeCount = Pick<SourceOutcome, 'object' | 'outcome' | 'reason'> & { rows: number };

export async function findMappedSet(
  tx: Tx,
  tenantId: string,
  exportId: string,
  mappingVersionId: string,
): Promise<MappedSet | undefined> {
  const row = await tx
    .selectFrom('transform.mappedSet')
    .select(['id', 'migrationId', 'exportId', 'mappingVersionId', 'state', 'errorCode', 'finishedAt'])
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', exportId)
    .where('mappingVersionId', '=', mappingVersionId)
    .executeTakeFirst();
  return row && { ...row, state: row.state as MappedSet['state'] };
}

export async function countRecords(
  tx: Tx,
  tenantId: string,
  setId: string,
): Promise<Array<{ entity: Entity; count: number }>> {
  const rows = await tx
    .selectFrom('transform.mappedRecord')
    .select(['entity', sql<number>`count(*)::int`.as('count')])
    .where('tenantId', '=', tenantId)
    .where('setId', '=', setId)
    .groupBy('entity')
    .orderBy('entity')
    .execute();
  return rows.map((row) => ({ entity: row.entity as Entity, count: row.count }));
}

/** How many lines stand under each deal, in the order in which the verification lists them. */
export async function countLinesByDeal(tx: Tx, tenantId: string, setId: string): Promise<number[]> {
  const { rows } = await sql<{ lines: number }>`
    select count(*)::int as lines
    from transform.mapped_record mapped
    cross join lateral (select mapped.payload->'deal_id'->>'$ref') as deal(key)
    where mapped.tenant_id = ${tenantId} and mapped.set_id = ${setId} and mapped.entity = 'line'
    group by deal.key
    order by deal.key collate "C"`.execute(tx);
  return rows.map(({ lines }) => lines);
}

/** The records of these keys, in the order of the keys; keys that are not in the set are left out. */
export async function readRecords(
  tx: Tx,
  tenantId: string,
  setId: string,
  targetKeys: ReadonlyArray<TargetKey>,
): Promise<MappedRecord[]> {
  if (targetKeys.length === 0) return [];
  const rows = await tx
    .selectFrom('transform.mappedRecord')
    .select(['targetKey', 'entity', 'payload', 'payloadHash'])
    .where('tenantId', '=', tenantId)
    .where('setId', '=', setId)
    .where('targetKey', 'in', [...targetKeys])
    .execute();
  const byKey = new Map(rows.map((row) => [row.targetKey, recordOf(row)]));
  return targetKeys.flatMap((key) => byKey.get(key) ?? []);
}

/** One page of an entity's records by target key; hand in the last key of the page before. */
export async function pageRecords(
  tx: Tx,
  tenantId: string,
  setId: string,
  entity: Entity,
  page: { afterKey: TargetKey; limit: number },
): Promise<MappedRecord[]> {
  const rows = await tx
    .selectFrom('transform.mappedRecord')
    .select(['targetKey', 'entity', 'payload', 'payloadHash'])
    .where('tenantId', '=', tenantId)
    .where('setId', '=', setId)
    .where('entity', '=', entity)
    .where('targetKey', '>', page.afterKey)
    .orderBy('targetKey')
    .limit(page.limit)
    .execute();
  return rows.map(recordOf);
}

/** All records of an entity, a page in memory at a time, within the caller's transaction. */
export async function* streamRecords(
  tx: Tx,
  tenantId: string,
  setId: string,
  entity: Entity,
  pageSize = 500,
): AsyncGenerator<MappedRecord> {
  let afterKey = '';
  for (;;) {
    const page = await pageRecords(tx, tenantId, setId, entity, { afterKey, limit: pageSize });
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    afterKey = last.targetKey;
  }
}

export async function listBatches(tx: Tx, tenantId: string, setId: string): Promise<LoadBatch[]> {
  const rows = await tx
    .selectFrom('transform.loadBatch')
    .select(['id', 'entity', 'seq', 'targetKeys'])
    .where('tenantId', '=', tenantId)
    .where('setId', '=', setId)
    .orderBy('entity')
    .orderBy('seq')
    .execute();
  return rows.map((row) => ({ ...row, entity: row.entity as Entity }));
}

export async function linksOf(
  tx: Tx,
  tenantId: string,
  setId: string,
  targetKeys: ReadonlyArray<TargetKey>,
): Promise<SourceLink[]> {
  if (targetKeys.length === 0) return [];
  const rows = await tx
    .selectFrom('transform.sourceLink')
    .select(['object', 'sourceId', 'slot', 'targetKey', 'role'])
    .where('tenantId', '=', tenantId)
    .where('setId', '=', setId)
    .where('targetKey', 'in', [...targetKeys])
    .orderBy('targetKey')
    .orderBy('object')
    .orderBy('sourceId')
    .execute();
  return rows.map((row) => ({ ...row, role: row.role as SourceLink['role'] }));
}

export async function outcomeCounts(tx: Tx, tenantId: string, setId: string): Promise<OutcomeCount[]> {
  const rows = await tx
    .selectFrom('transform.sourceOutcome')
    .select(['object', 'outcome', 'reason', sql<number>`count(*)::int`.as('rows')])
    .where('tenantId', '=', tenantId)
    .where('setId', '=', setId)
    .groupBy(['object', 'outcome', 'reason'])
    .orderBy('object')
    .orderBy('outcome')
    .orderBy('reason')
    .execute();
  return rows.map((row) => ({ ...row, outcome: row.outcome as SourceOutcome['outcome'] }));
}

/** A source id without a record of its own, and the one that what refers to it refers to. */
export interface SourceAlias {
  object: string;
  sourceId: string;
  survivingId: string;
}

export async function listAliases(tx: Tx, tenantId: string, setId: string): Promise<SourceAlias[]> {
  return tx
    .selectFrom('transform.sourceAlias')
    .select(['object', 'sourceId', 'survivingId'])
    .where('tenantId', '=', tenantId)
    .where('setId', '=', setId)
    .orderBy('object')
    .orderBy(sql`surviving_id collate "C"`)
    .orderBy(sql`source_id collate "C"`)
    .execute();
}

/** Throws when there is none: the caller holds an id from a table that references it. */
export async function getMappingVersion(tx: Tx, tenantId: string, id: string): Promise<MappingVersion> {
  const found = await findMappingVersion(tx, tenantId, id);
  if (!found) throw new Error(`mapping version ${id} does not exist for this tenant`);
  return found;
}

export async function findMappingVersion(
  tx: Tx,
  tenantId: string,
  id: string,
): Promise<MappingVersion | undefined> {
  const row = await tx
    .selectFrom('transform.mappingVersion')
    .select(versionColumns)
    .where('tenantId', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirst();
  return row && versionOf(row);
}

/** The confirmed version of an export; confirming a newer one supersedes the older. */
export async function findConfirmedMapping(
  tx: Tx,
  tenantId: string,
  exportId: string,
): Promise<MappingVersion | undefined> {
  const row = await tx
    .selectFrom('transform.mappingVersion')
    .select(versionColumns)
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', exportId)
    .where('state', '=', 'confirmed')
    .orderBy('number', 'desc')
    .executeTakeFirst();
  return row && versionOf(row);
}

/** The version that a person (or a waiver) has confirmed last, of whichever export of the migration. */
export async function findConfirmedOfMigration(
  tx: Tx,
  tenantId: string,
  migrationId: string,
): Promise<MappingVersion | undefined> {
  const row = await tx
    .selectFrom('transform.mappingVersion')
    .select(versionColumns)
    .where('tenantId', '=', tenantId)
    .where('migrationId', '=', migrationId)
    .where('state', '=', 'confirmed')
    .orderBy('number', 'desc')
    .executeTakeFirst();
  return row && versionOf(row);
}

const versionColumns = [
  'id',
  'migrationId',
  'exportId',
  'number',
  'state',
  'content',
  'contentHash',
  'confirmedBy',
  'confirmedAt',
  'waived',
] as const;

function versionOf(
  row: Omit<MappingVersion, 'state' | 'content'> & { state: string; content: unknown },
): MappingVersion {
  return {
    ...row,
    state: row.state as MappingVersion['state'],
    content: MappingContent.parse(row.content),
  };
}

/** Written by map-export from a typed MappedRecord; jsonb gives the same value back. */
function recordOf(row: {
  targetKey: string;
  entity: string;
  payload: unknown;
  payloadHash: string;
}): MappedRecord {
  return { ...row, entity: row.entity as Entity, payload: row.payload as Payload };
}

import { setImmediate as breathe } from 'node:timers/promises';
import { RecordRejected } from '@octopipe/shared/core/errors';
import { failpoint } from '@octopipe/shared/core/failpoints';
import type { Logger } from '@octopipe/shared/core/logger';
import { slicesOf } from '@octopipe/shared/core/slices';
import { inTransaction } from '@octopipe/shared/db/index';
import type { Payload } from '@octopipe/shared/domain/mapping/record';
import { type Entity, loadKinds, type RunKind } from '@octopipe/shared/domain/run/states';
import { getMappingVersion } from '@octopipe/shared/mapped/read-mapped-set';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { type CallPurpose, listPages } from '@octopipe/shared/pipedrive/planned-calls';
import { getRun } from '@octopipe/shared/run/read-run';
import { sql } from 'kysely';
import { assertSeesEverything } from '../connect/sees-everything.js';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import {
  type EntityRules,
  entityTable,
  parentOf,
  type RemoteRecord,
  walksOver,
} from '../destination/entity-table.js';
import { isFlatName } from '../destination/flat-fields.js';
import { loadSymbols, markerCodeOf } from '../destination/load-symbols.js';
import { type AccountSymbols, ownedAsSent, resolvePayload } from '../destination/resolve-payload.js';
import { saysOurs } from '../match/merge-fields.js';
import { probeMarker } from '../provision/probe-deal.js';
import { findEach, priceOfOne } from '../rollback/look-again.js';
import { holdRun } from '../write/hold-run.js';
import { isLateCommit, readSends } from '../write/late-commit.js';
import { clockSkewMs, removeCopy, type SettlingRun } from '../write/settle-unknown.js';
import {
  type Canonical,
  canonicalOfListed,
  canonicalOfSent,
  differingFields,
  sameValue,
} from './canonical.js';
import { type Image, imageOf } from './image.js';
import { type FieldDifference, nameDifferences } from './name-differences.js';

export interface VerifiedRun extends SettlingRun {
  kind: RunKind;
}

interface Expected {
  targetKey: string;
  targetId: string;
  payload: Payload;
  /** Of a record that stood there before us, the fields that we wrote: the rest is theirs and not compared. */
  writtenFields: string[] | null;
  ownerId: string | null;
  afterImage: Image | null;
  /** An earlier verification made it: people may have changed the record before. */
  imageIsLate: boolean;
}

type Difference = FieldDifference & { targetKey: string };

/**
 * Reads every record of one entity back from list pages and compares it field by field with what was sent; where no
 * answer left an after-image, the read-back becomes it, unless it differs: a late one, of which a rollback believes nothing,
 * since people may have changed what we did not send. The walk is the closing sweep as well: a record
 * that carries one of our markers under another id is a copy. If a late commit of ours made it (write/late-commit.ts), and
 * ours stands, it is removed and told. Else a person (or another program) duplicated ours: it is theirs, and only told.
 *
 * A run of kind `verify` only looks: at every record of the migration, not only at those of one export; at the
 * fields that we did not send, too; and it removes nothing.
 *
 * Guarantee: repeats from the start when it dies; results replace earlier ones in one transaction. A job that the
 * queue runs again although the entity is verified (its worker was too busy to renew the lock) does nothing.
 */
export async function verifyEntity(
  ctx: LoaderContext,
  account: Account,
  run: VerifiedRun,
  entity: Entity,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  if (await isVerified(ctx, run, entity)) return;
  const rules = entityTable[entity];
  const onlyLooks = run.kind === 'verify';
  const expected = await readExpected(ctx, run, entity);
  const byId = new Map(expected.map((record) => [record.targetId, record]));
  const byKey = new Map(expected.map((record) => [record.targetKey, record]));
  const symbols = await loadSymbols(
    ctx,
    { tenantId: run.tenantId, connectionId: run.connectionId },
    expected.map((record) => record.payload),
  );
  const markerCode = markerCodeOf(symbols, rules.fieldsOf);
  const country = await countryOf(ctx, run);

  const seen = new Set<string>();
  const images: Array<{ targetKey: string; image: Image; isLate: boolean }> = [];
  const differences: Difference[] = [];
  // By id: a list may be read twice.
  const copies = new Map<string, { targetKey: string; listed: RemoteRecord }>();
  let fields = 0;
  const parentIds = await parentsOf(ctx, run, entity);
  // In a load, lines are written after their deal and make its value: what they changed of it is part of our image.
  const valuedByLines = new Set(entity === 'deal' && !onlyLooks ? await parentsOfAll(ctx, run, 'line') : []);
  // It starts afresh when it dies, and again when failed records were tried again.
  const isFirst = !(await account.hasCalled(rules.list, 'read_back'));
  let walked = 0;
  const walk = async (list: EntityRules, purpose: CallPurpose) => {
    for (const query of walksOver(list, list.everything, parentIds)) {
      const listedIds = new Set<string>();
      for await (const page of account.pages(list, query, signal, purpose)) {
        for (const listed of page) {
          listedIds.add(String(listed.id));
          look(listed);
        }
        // A page of 500 is compared without a pause: others in this process, the renewal of our lock first, come now.
        await breathe();
      }
      if (list === rules) walked += Math.max(1, listPages(rules, listedIds.size, 0));
    }
  };
  const look = (listed: RemoteRecord) => {
    const id = String(listed.id);
    const record = byId.get(id);
    if (!record) {
      const key = rules.markerOf(listed, markerCode);
      if (key !== undefined && (onlyLooks || byKey.has(key) || key === probeMarker))
        copies.set(id, { targetKey: key, listed });
      return;
    }
    if (seen.has(id)) return;
    seen.add(id);
    const forms = compare(entity, record, listed, symbols);
    fields += Object.keys(forms.sent).length;
    const now = imageOf(entity, listed);
    const differing = differingIn(record, forms, country);
    // The rest of a record that stood there before us is theirs to change.
    const beyondSent = onlyLooks && record.writtenFields === null;
    const after = valuedByLines.has(id) ? valuedAs(now, record.afterImage) : record.afterImage;
    const found = nameDifferences({ ...forms, differing, after, now }, beyondSent);
    const image = after ?? (found.length === 0 ? now : null);
    if (image !== record.afterImage && image !== null)
      images.push({ targetKey: record.targetKey, image, isLate: after === null || record.imageIsLate });
    for (const { field, kind } of found)
      differences.push({ targetKey: record.targetKey, field: fieldName(symbols, field), kind });
  };
  await walk(rules, isFirst ? 'read_back' : 'read_again');
  const pages = walked;
  // Only when something is missing: the archive costs twice a list page.
  if (rules.archive && expected.some(({ targetId }) => !seen.has(targetId)))
    await walk({ ...rules, list: rules.archive }, 'read_again');
  const unseen = () => expected.filter(({ targetId }) => !seen.has(targetId));
  // A list by offset shifts when somebody deletes a record of a page that was read: the first of the next page is passed
  // over. Before it is called missing it is asked for; many are by reading the list once more, where that is cheaper.
  if (rules.paging === 'start' && unseen().length > 0) {
    if (unseen().length * priceOfOne(entity) <= pages * tokenCost(rules.list)) {
      const ids = unseen().map(({ targetId }) => targetId);
      const found = await account.noting('read_again', () =>
        findEach(account, entity, ids, ctx.settings.inFlight, signal),
      );
      for (const record of found.values()) look(record);
    } else await walk(rules, 'read_again');
  }
  const missing = unseen();
  if (missing.length > 0) await assertSeesEverything(account, signal);
  for (const { targetKey } of missing) differences.push({ targetKey, field: '', kind: 'missing' });
  const mayRemove = onlyLooks ? () => false : await copyRules(ctx, run, entity, { byKey, seen, symbols });
  for (const { targetKey, listed } of copies.values()) {
    const copy = { targetId: String(listed.id), parentId: parentOf(rules, listed) };
    if (!mayRemove(targetKey, listed) || !(await removeCopy(ctx, account, run, entity, targetKey, copy)))
      differences.push({ targetKey, field: `copy ${copy.targetId}`, kind: 'extra' });
  }
  failpoint('loader.verify_before_save', entity);
  // What is not there was not read back: a report that counted it would call it accounted for.
  const records = expected.length - missing.length;
  const read = { records, fields, pages };
  await save(ctx, run, entity, { ...read, images, seen: [...seen], differences });
  log.info(
    {
      entity,
      records,
      missing: missing.length,
      fields,
      differences: differences.length,
      copies: copies.size,
    },
    'entity verified',
  );
}

function compare(
  entity: Entity,
  record: Expected,
  listed: RemoteRecord,
  symbols: AccountSymbols,
): { sent: Canonical; listed: Canonical } {
  try {
    const body = resolvePayload(entity, record.payload, ownedAsSent(symbols, record.ownerId));
    const sent = onlyWritten(record, canonicalOfSent(entity, body.json, body.file));
    return { sent, listed: canonicalOfListed(entity, listed, Object.keys(sent)) };
  } catch (error) {
    // It was written, so it could be resolved then: what it refers to is gone by now, which is a difference.
    if (!(error instanceof RecordRejected)) throw error;
    return { sent: { [error.code]: true }, listed: { [error.code]: false } };
  }
}

function differingIn(
  record: Expected,
  { sent, listed }: { sent: Canonical; listed: Canonical },
  country: string,
): string[] {
  if (record.writtenFields === null) return differingFields(sent, listed);
  return Object.keys(sent).filter((field) => !saysOurs(field, sent[field], listed[field], country));
}

function onlyWritten(record: Expected, sent: Canonical): Canonical {
  const { writtenFields } = record;
  if (writtenFields === null) return sent;
  return Object.fromEntries(Object.entries(sent).filter(([field]) => writtenFields.includes(field)));
}

/** A deal with lines has no value of its own, so nobody but the lines changed it. */
function valuedAs(now: Image, known: Image | null): Image | null {
  if (known === null || sameValue(known.value, now.value)) return known;
  const { value: _ours, ...rest } = known;
  return now.value === undefined ? rest : { ...rest, value: now.value };
}

/** Our own name of a custom field, for reports; Pipedrive's for the rest. */
function fieldName(symbols: AccountSymbols, key: string): string {
  const code = key.replace(/^custom_fields\./, '');
  const known = [...symbols.fields].find(
    ([, field]) => field.code === code || (isFlatName(code) && code.startsWith(`${field.code}_`)),
  );
  return known ? (known[0].split('|')[1] ?? code) : code;
}

/** Which copies are ours to remove: the deal that provisioning tries, and what late commits made of records that stand. */
async function copyRules(
  ctx: LoaderContext,
  run: SettlingRun,
  entity: Entity,
  known: {
    byKey: ReadonlyMap<string, Expected>;
    seen: ReadonlySet<string>;
    symbols: AccountSymbols;
  },
): Promise<(targetKey: string, copy: RemoteRecord) => boolean> {
  const skewMs = await clockSkewMs(ctx, run);
  const sends = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    readSends(tx, { connectionId: run.connectionId, entity }, skewMs),
  );
  return (targetKey, copy) => {
    if (targetKey === probeMarker) return true;
    const record = known.byKey.get(targetKey);
    if (!record || !known.seen.has(record.targetId)) return false;
    const { sent } = compare(entity, record, copy, known.symbols);
    const after = record.imageIsLate ? null : record.afterImage;
    return isLateCommit(entity, copy, { sent, after, sends: sends.get(targetKey) });
  };
}

async function isVerified(ctx: LoaderContext, run: SettlingRun, entity: Entity): Promise<boolean> {
  const found = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .selectFrom('loader.verification')
      .select('entity')
      .where('runId', '=', run.id)
      .where('entity', '=', entity)
      .executeTakeFirst(),
  );
  return found !== undefined;
}

async function countryOf(ctx: LoaderContext, run: SettlingRun): Promise<string> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, async (tx) => {
    const { mappingVersionId } = await getRun(tx, run.tenantId, run.id);
    return (await getMappingVersion(tx, run.tenantId, mappingVersionId)).content.settings.country;
  });
}

/** The records that should stand in the account: of a load those of its mapped set, else all of the migration. */
async function readExpected(ctx: LoaderContext, run: VerifiedRun, entity: Entity): Promise<Expected[]> {
  const rows = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .selectFrom('loader.targetRecord as target')
      .select([
        'target.targetKey',
        'target.targetId',
        'target.payload',
        'target.writtenFields',
        'target.ownerId',
        'target.afterImage',
        'target.imageIsLate',
      ])
      .where('target.connectionId', '=', run.connectionId)
      .where('target.entity', '=', entity)
      .where((where) =>
        loadKinds.includes(run.kind)
          ? where.exists(
              where
                .selectFrom('transform.mappedRecord as mapped')
                .select('mapped.targetKey')
                .whereRef('mapped.targetKey', '=', 'target.targetKey')
                .where('mapped.setId', '=', run.setId),
            )
          : where.exists(
              where
                .selectFrom('loader.run as maker')
                .select('maker.id')
                .whereRef('maker.id', '=', 'target.createdByRun')
                .where('maker.migrationId', '=', run.migrationId),
            ),
      )
      .execute(),
  );
  return rows.map((row) => ({
    ...row,
    payload: row.payload as Payload,
    afterImage: row.afterImage as Image | null,
  }));
}

/**
 * The records that those of this entity stand under, failed ones included: also there a copy may stand. In the order of
 * their keys, as provisioning counted the lists.
 */
async function parentsOf(ctx: LoaderContext, run: VerifiedRun, entity: Entity): Promise<string[]> {
  const { under } = entityTable[entity];
  if (!under) return [];
  if (run.kind === 'verify') return parentsOfAll(ctx, run, entity);
  const { rows } = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    sql<{ id: string }>`
      select parent.target_id as id
      from (select distinct payload->${under.field}->>'$ref' as key from transform.mapped_record
        where set_id = ${run.setId} and entity = ${entity}) as referred
      join loader.target_record parent on parent.connection_id = ${run.connectionId} and parent.target_key = referred.key
      order by parent.target_key collate "C"`.execute(tx),
  );
  return rows.map((row) => row.id);
}

/** The records under which something of the migration stands. */
async function parentsOfAll(ctx: LoaderContext, run: VerifiedRun, entity: Entity): Promise<string[]> {
  const rows = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .selectFrom('loader.targetRecord')
      .select('parentId')
      .distinct()
      .where('connectionId', '=', run.connectionId)
      .where('entity', '=', entity)
      .where('parentId', 'is not', null)
      .orderBy('parentId')
      .execute(),
  );
  return rows.flatMap((row) => row.parentId ?? []);
}

/** Not of a run that has ended: the next one has written since, and what was read before says nothing of that. */
async function save(
  ctx: LoaderContext,
  run: SettlingRun,
  entity: Entity,
  result: {
    records: number;
    fields: number;
    /** As many as hold what was listed: some may have been read twice. */
    pages: number;
    images: Array<{ targetKey: string; image: Image; isLate: boolean }>;
    seen: ReadonlyArray<string>;
    differences: Difference[];
  },
): Promise<void> {
  // A field with several parts (money, an address) may differ in more than one of them.
  const distinct = [
    ...new Map(result.differences.map((row) => [`${row.targetKey} ${row.field}`, row])).values(),
  ];
  await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, async (tx) => {
    if (!(await holdRun(tx, run.id))) return;
    await tx
      .deleteFrom('loader.difference')
      .where('runId', '=', run.id)
      .where('entity', '=', entity)
      .execute();
    for (const slice of slicesOf(distinct, 1_000)) {
      await tx
        .insertInto('loader.difference')
        .values(slice.map((row) => ({ ...row, tenantId: run.tenantId, runId: run.id, entity })))
        .execute();
    }
    for (const slice of slicesOf(result.images, 500)) {
      await sql`
        update loader.target_record t set after_image = given.image, image_is_late = given.is_late
        from unnest(${slice.map((row) => row.targetKey)}::text[], ${slice.map((row) => JSON.stringify(row.image))}::jsonb[],
          ${slice.map((row) => row.isLate)}::boolean[]) as given(key, image, is_late)
        where t.connection_id = ${run.connectionId} and t.target_key = given.key
      `.execute(tx);
    }
    for (const slice of slicesOf(result.seen, 5_000)) {
      await tx
        .updateTable('loader.targetRecord')
        .set({ verifiedAt: sql<Date>`now()` })
        .where('connectionId', '=', run.connectionId)
        .where('entity', '=', entity)
        .where('targetId', '=', sql<string>`any(${slice}::text[])`)
        .execute();
    }
    await tx
      .insertInto('loader.verification')
      .values({
        tenantId: run.tenantId,
        runId: run.id,
        entity,
        records: result.records,
        fields: result.fields,
        pages: result.pages,
        differences: distinct.length,
      })
      .onConflict((conflict) =>
        conflict.columns(['runId', 'entity']).doUpdateSet({
          records: result.records,
          fields: result.fields,
          pages: result.pages,
          differences: distinct.length,
          finishedAt: sql<Date>`now()`,
        }),
      )
      .execute();
  });
}

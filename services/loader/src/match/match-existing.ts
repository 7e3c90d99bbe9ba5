import { failpoint } from '@octopipe/shared/core/failpoints';
import type { Logger } from '@octopipe/shared/core/logger';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import {
  entitiesToMatch,
  type MappingSettings,
  type MatchedEntity,
} from '@octopipe/shared/domain/mapping/content';
import type { TargetKey } from '@octopipe/shared/domain/mapping/record';
import { getMappingVersion, streamRecords } from '@octopipe/shared/mapped/read-mapped-set';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import { entityTable } from '../destination/entity-table.js';
import { loadSymbols, markerCodeOf } from '../destination/load-symbols.js';
import type { LiveRun } from '../run/read-live-run.js';
import { type Match, MatchFinder } from './find-matches.js';
import { addToPlan } from './plan-matches.js';

type Run = LiveRun & { setId: string };

/** What one walk over the account's records of an entity found. */
interface Walk {
  entity: MatchedEntity;
  matches: Match[];
  /** Every record of the account that is not ours, by id. */
  standing: Set<string>;
  pages: number;
}

/**
 * Looks for our organizations, persons and products among those that stand in the account, where the mapping asks for
 * it: one walk over the list pages of each entity (a search would cost 20 tokens a record). What is surely the same is
 * decided here, by rule; the rest becomes questions. Records that carry a marker of ours are ours, never "existing".
 *
 * Guarantee: repeats from the start when it dies; its results replace those of an earlier walk in one transaction. What
 * a person decided stays, unless the record they chose is gone, and so does what an earlier run began to write.
 */
export async function matchExisting(
  ctx: LoaderContext,
  account: Account,
  run: Run,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const scope = { role: 'loader', tenantId: run.tenantId } as const;
  const { settings } = await inTransaction(
    ctx.db,
    scope,
    async (tx) => (await getMappingVersion(tx, run.tenantId, run.mappingVersionId)).content,
  );
  const walks: Walk[] = [];
  for (const entity of entitiesToMatch(settings))
    walks.push(await walkAccount(ctx, account, run, entity, settings, signal));
  failpoint('loader.match_before_save');
  const counts = await inTransaction(ctx.db, scope, async (tx) => {
    for (const walk of walks) {
      await forgetGone(tx, run, walk);
      await saveMatches(tx, run, walk.matches, walk.entity);
      await addToPlan(tx, run, walk);
    }
    const found = await countMatches(tx, run);
    await tx
      .updateTable('loader.runPhase')
      .set({ gate: JSON.stringify(found) })
      .where('runId', '=', run.id)
      .where('phase', '=', 'matching')
      .execute();
    return found;
  });
  log.info({ ...counts, pages: walks.reduce((sum, walk) => sum + walk.pages, 0) }, 'account looked through');
}

async function walkAccount(
  ctx: LoaderContext,
  account: Account,
  run: Run,
  entity: MatchedEntity,
  settings: MappingSettings,
  signal: AbortSignal,
): Promise<Walk> {
  const scope = { tenantId: run.tenantId, connectionId: run.connectionId };
  const finder = new MatchFinder(entity, settings.country);
  await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, async (tx) => {
    const settled = await settledKeys(tx, run, entity);
    for await (const record of streamRecords(tx, run.tenantId, run.setId, entity))
      if (!settled.has(record.targetKey)) finder.addOurs(record.targetKey, record.payload);
  });
  const markerCode = markerCodeOf(await loadSymbols(ctx, scope, []), entity);
  const rules = entityTable[entity];
  const standing = new Set<string>();
  let pages = 0;
  for await (const page of account.pages(rules, rules.everything, signal, 'searched_for_matches')) {
    pages += 1;
    for (const record of page) {
      if (rules.markerOf(record, markerCode) !== undefined) continue;
      const id = String(record.id);
      standing.add(id);
      finder.lookAtTheirs(id, record);
    }
  }
  return { entity, matches: finder.matches(), standing, pages };
}

/** Keys about which nothing is to be found any more: they stand in the account, are being written, or a person wants them new. */
async function settledKeys(tx: Tx, run: Run, entity: MatchedEntity): Promise<Set<TargetKey>> {
  const { rows } = await sql<{ targetKey: string }>`
    select target_key from loader.target_record where connection_id = ${run.connectionId} and entity = ${entity}
    union
    select target_key from loader.before_image where connection_id = ${run.connectionId} and entity = ${entity}
    union
    select target_key from loader.record_match
      where connection_id = ${run.connectionId} and entity = ${entity} and decision = 'create' and decided_by <> ${byRule}`.execute(
    tx,
  );
  return new Set(rows.map((row) => row.targetKey));
}

/** As `decided_by`: the rule of one_candidate. */
export const byRule = 'rule';

/**
 * Takes away what an earlier walk left and this one replaces, and a person's choice of a record that is gone by now. One
 * whose record we began to patch is past choosing.
 */
async function forgetGone(tx: Tx, run: Run, { entity, standing }: Walk): Promise<void> {
  await sql`
    delete from loader.record_match m
    where m.connection_id = ${run.connectionId} and m.entity = ${entity}
      and (m.state = 'proposed' or m.decided_by = ${byRule}
        or (m.decision = 'match' and m.target_id <> all(${[...standing]}::text[])))
      and not exists (select from loader.before_image i
        where i.connection_id = m.connection_id and i.target_key = m.target_key)
      and not exists (select from loader.target_record t
        where t.connection_id = m.connection_id and t.target_key = m.target_key)`.execute(tx);
}

async function saveMatches(
  tx: Tx,
  run: Run,
  matches: ReadonlyArray<Match>,
  entity: MatchedEntity,
): Promise<void> {
  const taken = await chosenRecords(tx, run, entity);
  const rows = matches.flatMap((match) => {
    const candidates = match.candidates.filter(({ id }) => !taken.has(id));
    const [only] = candidates;
    if (only === undefined) return [];
    const isSure = match.reason === 'one_candidate';
    return {
      target_key: match.targetKey,
      reason: match.reason,
      candidates,
      state: isSure ? 'decided' : 'proposed',
      decision: isSure ? 'match' : null,
      target_id: isSure ? only.id : null,
      decided_by: isSure ? byRule : null,
    };
  });
  for (let from = 0; from < rows.length; from += 1_000) {
    await sql`
      insert into loader.record_match (tenant_id, connection_id, target_key, entity, state, reason, candidates,
        decision, target_id, decided_by, decided_at, proposed_by_run)
      select ${run.tenantId}, ${run.connectionId}, r.target_key, ${entity}, r.state, r.reason, r.candidates,
        r.decision, r.target_id, r.decided_by, case when r.decision is not null then now() end, ${run.id}
      from jsonb_to_recordset(${JSON.stringify(rows.slice(from, from + 1_000))}::jsonb) as r(
        target_key text, reason text, candidates jsonb, state text, decision text, target_id text, decided_by text)
      on conflict do nothing`.execute(tx);
  }
}

/** Records of the account that a person gave to one of ours already: nobody else's candidates. */
async function chosenRecords(tx: Tx, run: Run, entity: MatchedEntity): Promise<Set<string>> {
  const rows = await tx
    .selectFrom('loader.recordMatch')
    .select('targetId')
    .where('connectionId', '=', run.connectionId)
    .where('entity', '=', entity)
    .where('decision', '=', 'match')
    .execute();
  return new Set(rows.flatMap((row) => row.targetId ?? []));
}

async function countMatches(tx: Tx, run: Run): Promise<{ matched: number; asked: number }> {
  const { rows } = await sql<{ matched: number; asked: number }>`
    select (count(*) filter (where m.decision = 'match'))::int as matched,
      (count(*) filter (where m.reason <> 'one_candidate'))::int as asked
    from loader.record_match m join transform.mapped_record r on r.set_id = ${run.setId} and r.target_key = m.target_key
    where m.connection_id = ${run.connectionId}`.execute(tx);
  return rows[0] ?? { matched: 0, asked: 0 };
}

import { failpoint } from '@octopipe/shared/core/failpoints';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { entitiesToMatch } from '@octopipe/shared/domain/mapping/content';
import {
  type Entity,
  endedStatuses,
  entities,
  loadKinds,
  type PhaseName,
  phases,
  phasesOfKind,
  type RunKind,
  type RunStatus,
} from '@octopipe/shared/domain/run/states';
import { appendEvent } from '@octopipe/shared/events/append-event';
import { findMappedSet, getMappingVersion } from '@octopipe/shared/mapped/read-mapped-set';
import { RunPlan } from '@octopipe/shared/run/read-run';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import { countOpenQuestions, createTheUnanswered } from '../match/questions.js';
import { advanceLook, endRollback } from '../rollback/advance-rollback.js';
import { noteDoubt } from '../write/note-doubt.js';
import { reopenBatches } from '../write/reopen-batches.js';
import { changeStatus } from './change-status.js';
import { firstBatchState, settleDoubt } from './doubt.js';
import { gateOf, type PhaseFacts, waivedFor } from './gate.js';
import type { Hint } from './hint.js';

interface LockedRun {
  id: string;
  tenantId: string;
  migrationId: string;
  connectionId: string;
  exportId: string;
  mappingVersionId: string;
  setId: string | null;
  kind: RunKind;
  ofRunId: string | null;
  entities: string[] | null;
  status: RunStatus;
  phase: PhaseName | null;
  plan: RunPlan;
  waivers: Array<{ gate: string; actor: string; phase?: string | null }>;
}

/**
 * The only code that moves a run. Under a lock on the run row it looks at the facts, moves at most as far as they
 * allow, and answers the jobs to be hinted after commit. May run at any time, twice, or on two machines.
 */
export async function advanceRun(ctx: LoaderContext, tenantId: string, runId: string): Promise<void> {
  const hints = await inTransaction(ctx.db, { role: 'loader', tenantId }, async (tx) => {
    const run = await lockRun(tx, runId);
    if (!run || endedStatuses.includes(run.status)) return [];
    const found = await advance(ctx, tx, run);
    failpoint('loader.advance_before_commit');
    return found;
  });
  for (const hint of hints) await ctx.producer.send(hint.name, hint.payload as never);
}

async function advance(ctx: LoaderContext, tx: Tx, run: LockedRun): Promise<Hint[]> {
  if (run.status === 'queued') {
    if (await isAnotherAtWork(tx, run)) return [];
    const first = phasesOfKind(run.kind)[0]?.name ?? 'mapping';
    await changeStatus(tx, run, { to: 'running' });
    await enterPhase(tx, run, first);
    return advance(ctx, tx, { ...run, status: 'running', phase: first });
  }
  if (run.status !== 'running' || run.phase === null) return [];
  const phase = phasesOfKind(run.kind).find((row) => row.name === run.phase);
  if (phase?.entity) return advanceEntity(ctx, tx, run, phase.name, phase.entity);
  switch (phase?.name) {
    case 'mapping':
      return advanceMapping(ctx, tx, run);
    case 'provision':
      if (run.kind === 'dry_run' && run.plan.calls) return endDryRun(tx, run);
      return advanceByJob(ctx, tx, run, 'provision', 'provision-run');
    case 'matching':
      return advanceMatching(ctx, tx, run);
    case 'verify':
      return advanceVerify(ctx, tx, run);
    case 'look': {
      const hints = await advanceLook(tx, run);
      return hints === 'next' ? enterNext(ctx, tx, run) : hints;
    }
    case 'schema':
      return advanceByJob(ctx, tx, run, 'schema', 'remove-schema');
    default:
      return [];
  }
}

/**
 * Whether a worker is still at a batch of a run that was ended: it closes what it has begun before the next run looks at the
 * account. The sweep asks again; a worker that died holds it up no longer than its lease.
 */
async function isAnotherAtWork(tx: Tx, run: LockedRun): Promise<boolean> {
  const row = await tx
    .selectFrom('loader.batchProgress as batch')
    .innerJoin('loader.run as other', 'other.id', 'batch.runId')
    .select('batch.batchId')
    .where('other.connectionId', '=', run.connectionId)
    .where('other.id', '<>', run.id)
    .where('batch.state', '=', 'leased')
    .where('batch.leaseUntil', '>', sql<Date>`now()`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** It went as far as the first write of a real run. */
async function endDryRun(tx: Tx, run: LockedRun): Promise<Hint[]> {
  await changeStatus(tx, run, { to: 'done' });
  return [];
}

/** A phase that is one job: the job marks it done. */
async function advanceByJob(
  ctx: LoaderContext,
  tx: Tx,
  run: LockedRun,
  phase: 'provision' | 'schema',
  name: 'provision-run' | 'remove-schema',
): Promise<Hint[]> {
  if (!(await isPhaseDone(tx, run, phase)))
    return [{ name, payload: { tenantId: run.tenantId, runId: run.id } }];
  return enterNext(ctx, tx, run);
}

async function advanceMapping(ctx: LoaderContext, tx: Tx, run: LockedRun): Promise<Hint[]> {
  const set = await findMappedSet(tx, run.tenantId, run.exportId, run.mappingVersionId);
  if (set?.state === 'failed') {
    await changeStatus(tx, run, {
      to: 'failed',
      reasonCode: set.errorCode ?? 'mapping_failed',
      reason:
        'The export could not be mapped; this is a fault of the mapping and not of the account. Nothing was written.',
    });
    return [];
  }
  if (set?.state !== 'mapped') {
    return [
      {
        name: 'map-export',
        payload: { tenantId: run.tenantId, exportId: run.exportId, mappingVersionId: run.mappingVersionId },
      },
    ];
  }
  await tx.updateTable('loader.run').set({ setId: set.id }).where('id', '=', run.id).execute();
  await planPhases(tx, run, set.id);
  return enterNext(ctx, tx, { ...run, setId: set.id });
}

/** The run's phases with what each is to write, and one progress row per batch: from here on the run is resumable from rows alone. */
async function planPhases(tx: Tx, run: LockedRun, setId: string): Promise<void> {
  for (const [position, phase] of phases.entries()) {
    await tx
      .insertInto('loader.runPhase')
      .values({
        tenantId: run.tenantId,
        runId: run.id,
        phase: phase.name,
        position,
        entity: phase.entity,
        state: 'pending',
        planned:
          phase.entity === null
            ? 0
            : sql<number>`(select count(*)::int from transform.mapped_record where set_id = ${setId} and entity = ${phase.entity})`,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['runId', 'phase'])
          .doUpdateSet({ planned: sql<number>`excluded.planned`, entity: phase.entity }),
      )
      .execute();
  }
  await sql`
    insert into loader.batch_progress (tenant_id, run_id, batch_id, entity, seq, state)
    select tenant_id, ${run.id}, id, entity, seq, (${firstBatchState(run.connectionId)})
    from transform.load_batch where set_id = ${setId}
    on conflict do nothing
  `.execute(tx);
}

/** Skipped when nothing is to be matched. What is not sure waits for a person, or is created anew when they waived that. */
async function advanceMatching(ctx: LoaderContext, tx: Tx, run: LockedRun): Promise<Hint[]> {
  const { content } = await getMappingVersion(tx, run.tenantId, run.mappingVersionId);
  if (entitiesToMatch(content.settings).length === 0) return enterNext(ctx, tx, run);
  const { gate } = await tx
    .selectFrom('loader.runPhase')
    .select('gate')
    .where('runId', '=', run.id)
    .where('phase', '=', 'matching')
    .executeTakeFirstOrThrow();
  if (gate === null) return [{ name: 'match-existing', payload: { tenantId: run.tenantId, runId: run.id } }];
  const open = await countOpenQuestions(tx, run);
  const waiver = run.waivers.find(({ gate: name, phase }) => name === 'phase_gates' && !phase);
  if (open > 0 && waiver) await createTheUnanswered(tx, run, waiver.actor);
  else if (open > 0) {
    await changeStatus(tx, run, {
      to: 'waiting_person',
      reasonCode: 'matches_open',
      reason: `${open} records may be ones that stand in the account already: answer at /v1/runs/${run.id}/questions which they are, or resume the run to create all of them anew. Nothing of them was written.`,
    });
    return [];
  }
  return enterNext(ctx, tx, run);
}

async function advanceEntity(
  ctx: LoaderContext,
  tx: Tx,
  run: LockedRun,
  phase: PhaseName,
  entity: Entity,
): Promise<Hint[]> {
  if (await noteDoubt(ctx, tx, run, entity))
    return [
      {
        name: 'advance-run',
        payload: { tenantId: run.tenantId, runId: run.id, cause: `doubt-noted-${entity}` },
      },
    ];
  const facts = await phaseFacts(tx, run, entity);
  const isRollback = run.kind === 'rollback';
  const gate = gateOf(facts, waivedFor(run.waivers, phase), isRollback ? 'taken back' : 'written');
  if (gate.open) {
    await tx
      .updateTable('loader.runPhase')
      .set({
        state: 'done',
        finishedAt: sql<Date>`now()`,
        gate: JSON.stringify({ ...facts, waived: gate.waived }),
      })
      .where('runId', '=', run.id)
      .where('phase', '=', phase)
      .execute();
    return enterNext(ctx, tx, run);
  }
  if (gate.needsPerson) {
    await changeStatus(tx, run, { to: 'waiting_person', reasonCode: gate.code, reason: gate.reason });
    return [];
  }
  const ids = { tenantId: run.tenantId, runId: run.id };
  await reopenBatches(tx, run, entity);
  const batches = await nextBatches(ctx, tx, run, entity);
  const name = isRollback ? 'undo-batch' : 'load-batch';
  const hints: Hint[] = batches.map((batch) => ({ name, payload: { ...ids, ...batch } }));
  if (facts.due > 0) hints.push({ name: 'settle-unknown', payload: { ...ids, entity } });
  return hints;
}

/** The oldest free batches, as many as may be in flight for this run. */
async function nextBatches(
  ctx: LoaderContext,
  tx: Tx,
  run: LockedRun,
  entity: string,
): Promise<Array<{ batchId: string; turn: number }>> {
  const rows = await tx
    .selectFrom('loader.batchProgress')
    .select(['batchId', 'fence', sql<boolean>`state = 'leased' and lease_until >= now()`.as('busy')])
    .where('runId', '=', run.id)
    .where('entity', '=', entity)
    .where('state', 'in', ['pending', 'leased'])
    .orderBy('seq')
    .limit(ctx.settings.batchesInFlight * 4)
    .execute();
  const busy = rows.filter((row) => row.busy).length;
  return rows
    .filter((row) => !row.busy)
    .slice(0, Math.max(0, ctx.settings.batchesInFlight - busy))
    .map((row) => ({ batchId: row.batchId, turn: Number(row.fence) }));
}

async function advanceVerify(ctx: LoaderContext, tx: Tx, run: LockedRun): Promise<Hint[]> {
  const seen = await tx
    .selectFrom('loader.verification')
    .select('entity')
    .where('runId', '=', run.id)
    .execute();
  const left = (await entitiesToVerify(tx, run)).filter(
    (entity) => !seen.some((row) => row.entity === entity),
  );
  const next = left[0];
  // One entity at a time: lists are few calls, and the customer's own traffic keeps its room.
  if (next !== undefined)
    return [{ name: 'verify-entity', payload: { tenantId: run.tenantId, runId: run.id, entity: next } }];
  return enterNext(ctx, tx, run);
}

/** A load verifies what it planned; a run that only looks reads every list, for copies may stand where nothing of ours does. */
async function entitiesToVerify(tx: Tx, run: LockedRun): Promise<string[]> {
  if (run.kind === 'verify') return [...entities];
  const rows = await tx
    .selectFrom('loader.runPhase')
    .select('entity')
    .where('runId', '=', run.id)
    .where('entity', 'is not', null)
    .where('planned', '>', 0)
    // Backwards: a copy of a line that is removed changes the value of its deal.
    .orderBy('position', 'desc')
    .execute();
  return rows.map((row) => row.entity ?? '');
}

async function phaseFacts(tx: Tx, run: LockedRun, entity: string): Promise<PhaseFacts> {
  const row = await sql<PhaseFacts>`
    select
      coalesce((select planned from loader.run_phase where run_id = ${run.id} and entity = ${entity}), 0) as planned,
      (select count(*)::int from loader.record_outcome where run_id = ${run.id} and entity = ${entity} and outcome <> 'failed') as written,
      (select count(*)::int from loader.record_outcome where run_id = ${run.id} and entity = ${entity} and outcome = 'failed') as failed,
      (select count(*)::int from loader.record_outcome where run_id = ${run.id} and entity = ${entity} and outcome = 'failed' and code = 'parent_not_written') as orphaned,
      (select count(*)::int from loader.intent where connection_id = ${run.connectionId} and entity = ${entity} and state in ('sent','ambiguous')) as unknown,
      (select count(*)::int from loader.intent where connection_id = ${run.connectionId} and entity = ${entity}
        and ((state = 'ambiguous' and not_before <= now()) or (state = 'sent' and deadline < now()))) as due
  `.execute(tx);
  const facts = row.rows[0];
  if (!facts) throw new Error('phase facts are one row');
  return facts;
}

async function enterNext(ctx: LoaderContext, tx: Tx, run: LockedRun): Promise<Hint[]> {
  const all = phasesOfKind(run.kind);
  const next = all[all.findIndex((phase) => phase.name === run.phase) + 1];
  await tx
    .updateTable('loader.runPhase')
    .set({ state: 'done', finishedAt: sql<Date>`coalesce(finished_at, now())` })
    .where('runId', '=', run.id)
    .where('phase', '=', run.phase ?? '')
    .execute();
  if (!next) return end(tx, run);
  await enterPhase(tx, run, next.name);
  return advance(ctx, tx, { ...run, phase: next.name });
}

async function end(tx: Tx, run: LockedRun): Promise<Hint[]> {
  await changeStatus(tx, run, { to: 'done' });
  if (run.kind === 'rollback') await endRollback(tx, run);
  if (loadKinds.includes(run.kind)) await settleDoubt(tx, run);
  return [{ name: 'reconcile-run', payload: { tenantId: run.tenantId, runId: run.id } }];
}

async function enterPhase(tx: Tx, run: LockedRun, phase: PhaseName): Promise<void> {
  await tx.updateTable('loader.run').set({ phase }).where('id', '=', run.id).execute();
  const position = phasesOfKind(run.kind).findIndex((row) => row.name === phase);
  await tx
    .insertInto('loader.runPhase')
    .values({
      tenantId: run.tenantId,
      runId: run.id,
      phase,
      position,
      state: 'running',
      startedAt: sql<Date>`now()`,
    })
    .onConflict((conflict) =>
      conflict.columns(['runId', 'phase']).doUpdateSet({ state: 'running', startedAt: sql<Date>`now()` }),
    )
    .execute();
  await appendEvent(tx, run.tenantId, {
    migrationId: run.migrationId,
    runId: run.id,
    kind: 'run.phase',
    facts: { phase },
  });
}

async function isPhaseDone(tx: Tx, run: LockedRun, phase: PhaseName): Promise<boolean> {
  const row = await tx
    .selectFrom('loader.runPhase')
    .select('state')
    .where('runId', '=', run.id)
    .where('phase', '=', phase)
    .executeTakeFirst();
  return row?.state === 'done';
}

async function lockRun(tx: Tx, runId: string): Promise<LockedRun | undefined> {
  const row = await tx
    .selectFrom('loader.run')
    .select([
      'id',
      'tenantId',
      'migrationId',
      'connectionId',
      'exportId',
      'mappingVersionId',
      'setId',
      'kind',
      'ofRunId',
      'entities',
      'status',
      'phase',
      'plan',
      'waivers',
    ])
    .where('id', '=', runId)
    .forUpdate()
    .executeTakeFirst();
  return (
    row && {
      ...row,
      kind: row.kind as RunKind,
      status: row.status as RunStatus,
      phase: row.phase as PhaseName | null,
      plan: RunPlan.parse(row.plan),
      waivers: row.waivers as unknown as LockedRun['waivers'],
    }
  );
}

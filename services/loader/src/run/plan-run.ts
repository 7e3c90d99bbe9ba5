import { createHash } from 'node:crypto';
import { canonicalJson, hashOf } from '@octopipe/shared/core/canonical-json';
import { inTransaction } from '@octopipe/shared/db/index';
import { contentHash, entitiesToMatch, type MappingContent } from '@octopipe/shared/domain/mapping/content';
import { type Entity, phases } from '@octopipe/shared/domain/run/states';
import type { RunPlan } from '@octopipe/shared/run/read-run';
import type { LoaderContext } from '../context.js';
import type { PlannedItem } from '../provision/plan-schema.js';
import { operationOf, planCalls } from '../write/plan-calls.js';
import { isSent, planWrites } from '../write/plan-writes.js';
import { readBatchState } from '../write/read-batch-state.js';

interface PlannedRun {
  id: string;
  tenantId: string;
  connectionId: string;
  setId: string;
}

/**
 * Every write that the run would make now, decided by the functions that decide it when it is made. The hash covers the
 * confirmed mapping, the schema that is missing in the account, and each call in its order with the keys and contents of
 * its records: as symbols, so it holds no id, no name and no time of an account or a machine. Batch by batch: it needs
 * the memory of one.
 *
 * What is to be matched is known only after the account was searched: it is planned as new, and named. So is what may
 * stand there already because the database was restored.
 */
export async function planRun(
  ctx: LoaderContext,
  run: PlannedRun,
  content: MappingContent,
  missing: ReadonlyArray<PlannedItem>,
): Promise<NonNullable<RunPlan['calls']>> {
  const hash = createHash('sha256');
  const note = (line: unknown) => hash.update(`${canonicalJson(line)}\n`);
  const calls = new Map<string, number>();
  const created = new Set<Entity>();
  note({ mapping: contentHash(content) });
  for (const item of missing) note(item);
  for (const { entity } of phases) {
    if (entity === null) continue;
    for (const batchId of await batchesOf(ctx, run, entity)) {
      const { id: runId, ...ids } = run;
      const state = await readBatchState(ctx, { ...ids, runId, batchId, tries: null });
      const writes = planWrites(state.records, state).filter(isSent);
      for (const call of planCalls(entity, writes, ctx.settings.inFlight).flat()) {
        const operation = operationOf(entity, call);
        if (call.some(({ kind }) => kind === 'create')) created.add(entity);
        note([operation, ...call.map(({ record, payload }) => [record.targetKey, hashOf(payload)])]);
        calls.set(operation, (calls.get(operation) ?? 0) + 1);
      }
    }
  }
  return {
    hash: hash.digest('hex'),
    by_operation: Object.fromEntries([...calls].sort(([a], [b]) => (a < b ? -1 : 1))),
    not_yet_known: [
      ...new Set([...entitiesToMatch(content.settings), ...(await inDoubt(ctx, run, created))]),
    ],
  };
}

async function inDoubt(
  ctx: LoaderContext,
  run: PlannedRun,
  created: ReadonlySet<Entity>,
): Promise<ReadonlyArray<Entity>> {
  const { doubtedAt } = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .selectFrom('loader.connection')
      .select('doubtedAt')
      .where('id', '=', run.connectionId)
      .executeTakeFirstOrThrow(),
  );
  return doubtedAt === null ? [] : [...created];
}

async function batchesOf(ctx: LoaderContext, run: PlannedRun, entity: string): Promise<string[]> {
  const rows = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .selectFrom('transform.loadBatch')
      .select('id')
      .where('setId', '=', run.setId)
      .where('entity', '=', entity)
      .orderBy('seq')
      .execute(),
  );
  return rows.map((row) => row.id);
}

import { inTransaction } from '@octopipe/shared/db/index';
import type { PhaseName, RunKind, RunStatus } from '@octopipe/shared/domain/run/states';
import { RunPlan } from '@octopipe/shared/run/read-run';
import type { LoaderContext } from '../context.js';

export interface LiveRun {
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
}

/** The run of a job, or undefined when it is gone or not of this tenant. */
export async function readLiveRun(
  ctx: LoaderContext,
  tenantId: string,
  runId: string,
): Promise<LiveRun | undefined> {
  const row = await inTransaction(ctx.db, { role: 'loader', tenantId }, (tx) =>
    tx
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
      ])
      .where('id', '=', runId)
      .executeTakeFirst(),
  );
  return (
    row && {
      ...row,
      kind: row.kind as RunKind,
      status: row.status as RunStatus,
      phase: row.phase as PhaseName | null,
      plan: RunPlan.parse(row.plan),
    }
  );
}

/** A run that is running and whose mapped set is known: what every phase job needs. */
export async function readRunningRun(
  ctx: LoaderContext,
  tenantId: string,
  runId: string,
): Promise<(LiveRun & { setId: string }) | undefined> {
  const run = await readLiveRun(ctx, tenantId, runId);
  if (run?.status !== 'running' || run.setId === null) return undefined;
  return { ...run, setId: run.setId };
}

import type { Sample } from '@octopipe/shared/core/metrics';
import { inSystemTransaction } from '@octopipe/shared/db/index';
import { sql } from 'kysely';
import type { TransformContext } from './context.js';

/** Mapped sets by state, and how long the stillest of the unfinished, or of the runs nobody maps for, has stood still. */
export async function count(ctx: TransformContext): Promise<Sample[]> {
  const { states, waiting } = await inSystemTransaction(ctx.db, async (tx) => ({
    states: await tx
      .selectFrom('transform.mappedSet')
      .select([
        'state',
        sql<number>`count(*)::int`.as('sets'),
        sql<number>`extract(epoch from now() - min(moved_at))::float`.as('unmovedSeconds'),
      ])
      .groupBy('state')
      .execute(),
    waiting: await tx
      .selectFrom('loader.runPhase as phase')
      .innerJoin('loader.run as run', 'run.id', 'phase.runId')
      .leftJoin('transform.mappedSet as set', (join) =>
        join
          .onRef('set.exportId', '=', 'run.exportId')
          .onRef('set.mappingVersionId', '=', 'run.mappingVersionId'),
      )
      .select(sql<number | null>`extract(epoch from now() - min(phase.started_at))::float`.as('seconds'))
      .where('run.status', '=', 'running')
      .where('run.phase', '=', 'mapping')
      .where('phase.phase', '=', 'mapping')
      .where('set.id', 'is', null)
      .executeTakeFirstOrThrow(),
  }));
  const mapping = states.find(({ state }) => state === 'mapping');
  return [
    ...states.map(
      ({ state, sets }): Sample => ({ name: 'octopipe_mapped_sets', labels: { state }, value: sets }),
    ),
    {
      name: 'octopipe_unmoved_seconds',
      labels: {},
      value: Math.max(mapping?.unmovedSeconds ?? 0, waiting.seconds ?? 0),
    },
  ];
}

import type { Sample } from '@octopipe/shared/core/metrics';
import { inSystemTransaction } from '@octopipe/shared/db/index';
import { sql } from 'kysely';
import type { IngestContext } from './context.js';

/** Exports by state, and how long a purge, or the one that has moved least recently of the unfinished has stood still. */
export async function count(ctx: IngestContext): Promise<Sample[]> {
  const { states, still, purges } = await inSystemTransaction(ctx.db, async (tx) => ({
    states: await tx
      .selectFrom('ingest.export')
      .select(['state', sql<number>`count(*)::int`.as('exports')])
      .groupBy('state')
      .execute(),
    still: await tx
      .selectFrom('ingest.export as export')
      .select(
        sql<number | null>`extract(epoch from now() - min(greatest(export.moved_at,
          (select max(moved_at) from ingest.export_file where export_id = export.id))))::float`.as('seconds'),
      )
      .where('state', 'in', ['received', 'staging', 'staged'])
      .executeTakeFirstOrThrow(),
    purges: await tx
      .selectFrom('core.purge')
      .select(sql<number | null>`extract(epoch from now() - min(moved_at))::float`.as('seconds'))
      .where('step', '<>', 'done')
      .executeTakeFirstOrThrow(),
  }));
  return [
    ...states.map(
      ({ state, exports }): Sample => ({ name: 'octopipe_exports', labels: { state }, value: exports }),
    ),
    {
      name: 'octopipe_unmoved_seconds',
      labels: {},
      value: Math.max(still.seconds ?? 0, purges.seconds ?? 0),
    },
  ];
}

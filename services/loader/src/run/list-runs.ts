import { type Database, inSystemTransaction, inTransaction, type Tx } from '@octopipe/shared/db/index';
import type { RunKind, RunStatus } from '@octopipe/shared/domain/run/states';
import { sql } from 'kysely';

export interface WantedRuns {
  /** Empty: any. */
  statuses: ReadonlyArray<RunStatus>;
  migrationId: string | undefined;
  /** `<microseconds of created_at>|<id>` of the last run of the page before. */
  before: string | undefined;
  limit: number;
}

export type ListedRun = Awaited<ReturnType<typeof readRuns>>[number];

/**
 * Runs, newest first: of one tenant in its own transaction, of `all` as the system role, which may read the rows of runs
 * and nothing of what they carry.
 */
export function listRuns(
  db: Database,
  tenantOrAll: { id: string } | 'all',
  wanted: WantedRuns,
): Promise<ListedRun[]> {
  if (tenantOrAll === 'all') return inSystemTransaction(db, (tx) => readRuns(tx, wanted));
  return inTransaction(db, { role: 'loader', tenantId: tenantOrAll.id }, (tx) => readRuns(tx, wanted));
}

async function readRuns(tx: Tx, { statuses, migrationId, before, limit }: WantedRuns) {
  const [micros, id] = before?.split('|') ?? [];
  const rows = await tx
    .selectFrom('loader.run as r')
    .innerJoin('core.tenant as t', 't.id', 'r.tenantId')
    .select(['r.id', 'r.migrationId', 't.slug', 'r.kind', 'r.status', 'r.phase', 'r.reasonCode', 'r.reason'])
    .select(['r.statusSince', 'r.resumeAt', 'r.createdAt'])
    // A Date has milliseconds, the column microseconds: the position must not lose any.
    .select(sql<string>`(extract(epoch from r.created_at) * 1000000)::bigint || '|' || r.id`.as('position'))
    // Whoever is being purged is not spoken of any more.
    .where('t.purgeId', 'is', null)
    .$if(statuses.length > 0, (all) => all.where('r.status', 'in', statuses))
    .$if(migrationId !== undefined, (all) => all.where('r.migrationId', '=', migrationId ?? ''))
    .$if(before !== undefined, (all) =>
      all.where(
        sql<boolean>`(r.created_at, r.id) < ('epoch'::timestamptz + ${micros}::bigint * interval '1 microsecond', ${id}::uuid)`,
      ),
    )
    .orderBy('r.createdAt', 'desc')
    .orderBy('r.id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, kind: row.kind as RunKind, status: row.status as RunStatus }));
}

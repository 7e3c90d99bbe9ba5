import { Problem, TenantGone } from '@octopipe/shared/core/errors';
import { failpoint } from '@octopipe/shared/core/failpoints';
import { inSystemTransaction, inTransaction, type Tx } from '@octopipe/shared/db/index';
import type { RunStatus } from '@octopipe/shared/domain/run/states';
import { hashOfSlug, type PurgeRow } from '@octopipe/shared/purge/receipt';
import { countRows } from '@octopipe/shared/purge/run-step';
import { endTables } from '@octopipe/shared/purge/tables';
import { countStagedRows } from '@octopipe/shared/staging/partition';
import { findTenant } from '@octopipe/shared/tenancy/tenant';
import { sql } from 'kysely';
import type { IngestContext } from '../context.js';

/** Runs that go on by themselves: they may write to the customer's account at any moment. */
const moving: RunStatus[] = ['queued', 'running', 'waiting_budget'];

/** What a purge would remove, and the runs that stand in its way. */
export async function previewPurge(ctx: IngestContext, slug: string) {
  const tenant = await inSystemTransaction(ctx.db, (tx) => findTenant(tx, slug));
  const counted = await inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
    const counts = { ...(await countRows(tx, tenant.id)), ...(await countStagedRows(tx, tenant.id)) };
    const { keys } = await tx
      .selectFrom('core.apiKey')
      .select((select) => select.fn.countAll<string>().as('keys'))
      .where('tenantId', '=', tenant.id)
      .executeTakeFirstOrThrow();
    const [keyTable, tenantTable] = endTables;
    const rows = { ...counts, ...(Number(keys) > 0 ? { [keyTable]: Number(keys) } : {}), [tenantTable]: 1 };
    return { rows, records_in_accounts: await recordsInAccounts(tx, tenant.id) };
  });
  const moves = await inSystemTransaction(ctx.db, (tx) => runsNotAtRest(tx, tenant.id));
  return { ...counted, ...(await ctx.files.usage(tenant.id)), runs_not_at_rest: moves.map(({ id }) => id) };
}

/** The records that stand in Pipedrive accounts, and stay there: company key → how many. */
async function recordsInAccounts(tx: Tx, tenantId: string): Promise<Record<string, number>> {
  const companies = await tx
    .selectFrom('loader.connection as connection')
    .innerJoin('loader.targetRecord as target', 'target.connectionId', 'connection.id')
    .select(['connection.companyKey', (select) => select.fn.countAll<string>().as('records')])
    .where('connection.tenantId', '=', tenantId)
    .groupBy('connection.companyKey')
    .orderBy('connection.companyKey')
    .execute();
  return Object.fromEntries(companies.map(({ companyKey, records }) => [companyKey, Number(records)]));
}

/**
 * The mark, in one transaction: from its commit on no key of the tenant is valid, nobody finds it by its name, every
 * transaction for it is refused (TenantGone), and its data key is gone, so that its files and tokens cannot be opened any
 * more, whatever becomes of the rest. There is no way back. Asked again, it answers the purge that is under way.
 *
 * The lock on the tenant's row waits for everybody who is inserting a row of the tenant (foreign keys share it): a run that
 * is being started at this moment is seen.
 */
export async function startPurge(ctx: IngestContext, slug: string, keyId: string): Promise<PurgeRow> {
  const purge = await inSystemTransaction(ctx.db, async (tx) => {
    await sql`select set_config('lock_timeout', '5s', true)`.execute(tx);
    const tenant = await tx
      .selectFrom('core.tenant')
      .select(['id', 'purgeId'])
      .where('slug', '=', slug)
      .forUpdate()
      .executeTakeFirst();
    if (!tenant) throw new TenantGone();
    if (tenant.purgeId !== null)
      return tx
        .selectFrom('core.purge')
        .selectAll()
        .where('id', '=', tenant.purgeId)
        .executeTakeFirstOrThrow();
    await assertAtRest(tx, tenant.id);
    const made = await tx
      .insertInto('core.purge')
      .values({ subjectId: tenant.id, slugHash: hashOfSlug(slug), requestedBy: keyId })
      .returningAll()
      .executeTakeFirstOrThrow();
    await tx
      .updateTable('core.tenant')
      .set({ purgeId: made.id, wrappedDataKey: Buffer.alloc(0) })
      .where('id', '=', tenant.id)
      .execute();
    await tx
      .updateTable('core.apiKey')
      .set({ revokedAt: sql<Date>`now()` })
      .where('tenantId', '=', tenant.id)
      .where('revokedAt', 'is', null)
      .execute();
    return made;
  }).catch((error: unknown) => {
    if ((error as { code?: string }).code !== '55P03') throw error;
    throw new Problem(
      503,
      'try_later',
      'A large piece of work for this tenant is being written down at this moment; ask again in a minute.',
      [],
      { members: { reason: 'tenant_still_worked_on' }, headers: { 'retry-after': '60' } },
    );
  });
  failpoint('purge.after_mark');
  if (purge.step !== 'done')
    await ctx.producer.send('purge-reporter', { tenantId: purge.subjectId, purgeId: purge.id });
  return purge;
}

async function assertAtRest(tx: Tx, tenantId: string): Promise<void> {
  const [run] = await runsNotAtRest(tx, tenantId);
  if (!run) return;
  throw new Problem(
    409,
    'runs_not_at_rest',
    moving.some((status) => status === run.status)
      ? `Run ${run.id} is ${run.status.replaceAll('_', ' ')}; let it end, or pause or cancel it first.`
      : `Run ${run.id} is ${run.status.replaceAll('_', ' ')}, but a worker still holds a batch of it; ask again in a minute.`,
  );
}

/** A paused run rests when the batches that were under way are given back, or their leases are over. */
function runsNotAtRest(tx: Tx, tenantId: string): Promise<Array<{ id: string; status: string }>> {
  return tx
    .selectFrom('loader.run as run')
    .select(['run.id', 'run.status'])
    .where('run.tenantId', '=', tenantId)
    .where((where) =>
      where.or([
        where('run.status', 'in', moving),
        where.exists(
          where
            .selectFrom('loader.batchProgress as batch')
            .select('batch.batchId')
            .whereRef('batch.runId', '=', 'run.id')
            .where('batch.state', '=', 'leased')
            .where('batch.leaseUntil', '>', sql<Date>`now()`),
        ),
      ]),
    )
    .orderBy('run.createdAt')
    .execute();
}

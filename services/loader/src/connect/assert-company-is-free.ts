import { Problem } from '@octopipe/shared/core/errors';
import { inSystemTransaction } from '@octopipe/shared/db/index';
import type { LoaderContext } from '../context.js';

/**
 * One company, one tenant: the markers of two tenants' notes and files in one account could not be told apart. A company
 * is taken once a run of another tenant was started on it; a mere connection (a first try with the wrong folder) takes
 * nothing. The answer does not say who holds it.
 */
export async function assertCompanyIsFree(
  ctx: LoaderContext,
  tenantId: string,
  companyKey: string,
): Promise<void> {
  const taken = await inSystemTransaction(ctx.db, (tx) =>
    tx
      .selectFrom('loader.connection as connection')
      .innerJoin('loader.run as run', 'run.connectionId', 'connection.id')
      .select('connection.id')
      .where('connection.companyKey', '=', companyKey)
      .where('connection.tenantId', '<>', tenantId)
      .limit(1)
      .executeTakeFirst(),
  );
  if (taken) {
    throw new Problem(
      409,
      'company_taken',
      'Records of another tenant were loaded into this Pipedrive company already; use that tenant, or another company.',
    );
  }
}

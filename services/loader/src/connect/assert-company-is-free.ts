import { Problem } from '@octopipe/shared/core/errors';
import { asSystem, type Tx } from '@octopipe/shared/db/index';
import { sql } from 'kysely';

/**
 * One company, one tenant: the markers of two tenants' notes and files in one account could not be told apart. A company
 * is taken once a run of another tenant was started on it; a mere connection (a first try with the wrong folder) takes
 * nothing. The answer does not say who holds it. In a system transaction: it looks beyond the tenant.
 */
export async function assertCompanyIsFree(tx: Tx, tenantId: string, companyKey: string): Promise<void> {
  const taken = await tx
    .selectFrom('loader.connection as connection')
    .innerJoin('loader.run as run', 'run.connectionId', 'connection.id')
    .select('connection.id')
    .where('connection.companyKey', '=', companyKey)
    .where('connection.tenantId', '<>', tenantId)
    .limit(1)
    .executeTakeFirst();
  if (taken) {
    throw new Problem(
      409,
      'company_taken',
      'Records of another tenant were loaded into this Pipedrive company already; use that tenant, or another company.',
    );
  }
}

/**
 * The same right before a run is started in this transaction, with the company locked until its end: of two tenants that
 * start at the same moment the second sees the run of the first.
 */
export async function takeCompany(tx: Tx, tenantId: string, companyKey: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`company ${companyKey}`}, 0))`.execute(tx);
  await asSystem(tx, 'loader', () => assertCompanyIsFree(tx, tenantId, companyKey));
}

import { Problem } from '@octopipe/shared/core/errors';
import { asSystem, type Tx } from '@octopipe/shared/db/index';
import { sql } from 'kysely';
import { holdsLeftRecords } from './left-company.js';

/**
 * One company, one tenant: the markers of two tenants' notes and files in one account could not be told apart. A company
 * is taken once a run of another tenant was started on it; a mere connection (a first try with the wrong folder) takes
 * nothing. The answer does not say who holds it. In a system transaction: it looks beyond the tenant.
 *
 * Nor is it free while records of a purged tenant stand in it, of which nobody knows any more which they are. Answers
 * whether they do and are taken over now: an operator's word, after which the connection is in doubt.
 */
export async function assertCompanyIsFree(
  tx: Tx,
  tenantId: string,
  companyKey: string,
  mayTakeOver: boolean,
): Promise<boolean> {
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
  const takesOver = await holdsLeftRecords(tx, tenantId, companyKey);
  if (takesOver && !mayTakeOver) {
    throw new Problem(
      409,
      'purged_records_stand',
      'Records of a tenant that was purged stand in this Pipedrive company, and which they are is not known any more: a load would write each a second time. An operator connects it with take_over_records; then a load looks for each of its records before it writes it.',
    );
  }
  return takesOver;
}

/**
 * The same right before a run is started in this transaction, with the company locked until its end: of two tenants that
 * start at the same moment the second sees the run of the first.
 */
export async function takeCompany(tx: Tx, tenantId: string, companyKey: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`company ${companyKey}`}, 0))`.execute(tx);
  await asSystem(tx, 'loader', () => assertCompanyIsFree(tx, tenantId, companyKey, false));
}

import { createHash } from 'node:crypto';
import type { Tx } from '@octopipe/shared/db/index';
import { sql } from 'kysely';
import { unknownStates } from '../write/intent-states.js';

/** No list of accounts is kept, only what tells whether an account is one of these. */
function companyHashOf(companyKey: string): string {
  return createHash('sha256').update(companyKey).digest('hex');
}

/**
 * For a purge, before anything of the tenant goes: notes the companies in which records of it stand, or may stand (a
 * create whose answer is not there yet).
 */
export async function noteLeftCompanies(tx: Tx, tenantId: string): Promise<void> {
  const left = await tx
    .selectFrom('loader.connection as connection')
    .select('connection.companyKey')
    .where('connection.tenantId', '=', tenantId)
    .where((where) =>
      where.or([
        where.exists(
          where
            .selectFrom('loader.targetRecord as target')
            .select('target.targetKey')
            .whereRef('target.connectionId', '=', 'connection.id'),
        ),
        where.exists(
          where
            .selectFrom('loader.intent as intent')
            .select('intent.id')
            .whereRef('intent.connectionId', '=', 'connection.id')
            .where('intent.operation', '=', 'create')
            .where('intent.state', 'in', [...unknownStates]),
        ),
      ]),
    )
    .execute();
  if (left.length === 0) return;
  await tx
    .insertInto('loader.leftCompany')
    .values(left.map(({ companyKey }) => ({ companyHash: companyHashOf(companyKey) })))
    .onConflict((conflict) => conflict.column('companyHash').doUpdateSet({ leftAt: sql<Date>`now()` }))
    .execute();
}

/** Whether records of a purged tenant stand in the company, and this tenant's connection has not taken them over. */
export async function holdsLeftRecords(tx: Tx, tenantId: string, companyKey: string): Promise<boolean> {
  const left = await tx
    .selectFrom('loader.leftCompany as left')
    .select('left.companyHash')
    .where('left.companyHash', '=', companyHashOf(companyKey))
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('loader.connection as connection')
            .select('connection.id')
            .where('connection.tenantId', '=', tenantId)
            .where('connection.companyKey', '=', companyKey)
            .whereRef('connection.tookOverAt', '>=', 'left.leftAt'),
        ),
      ),
    )
    .executeTakeFirst();
  return left !== undefined;
}

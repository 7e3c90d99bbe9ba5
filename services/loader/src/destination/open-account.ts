import { inTransaction } from '@octopipe/shared/db/index';
import { unseal } from '@octopipe/shared/tenancy/secrets';
import type { LoaderContext } from '../context.js';
import { Account, type Connection } from './account.js';

/** Opens the account of a connection for one job; the token is unsealed here and lives as long as the account object. */
export async function openAccount(
  ctx: LoaderContext,
  tenantId: string,
  connectionId: string,
  runId: string | null,
): Promise<Account> {
  const row = await inTransaction(ctx.db, { role: 'loader', tenantId }, (tx) =>
    tx
      .selectFrom('loader.connection')
      .select(['id', 'tenantId', 'baseUrl', 'companyKey', 'companyDomain', 'plan', 'seats', 'sealedToken'])
      .where('id', '=', connectionId)
      .executeTakeFirstOrThrow(),
  );
  const { sealedToken, ...connection } = row;
  const token = unseal(
    await ctx.dataKey(tenantId),
    sealedToken,
    tokenContext(tenantId, connection.companyKey),
  ).toString('utf8');
  return new Account(ctx.db, connection satisfies Connection, runId, token, ctx.settings, ctx.metrics);
}

/** Binds a sealed token to its tenant and company. */
export function tokenContext(tenantId: string, companyKey: string): string {
  return `api-token|${tenantId}|${companyKey}`;
}

/** Runs `work` with the account open and gives back what it leased, whatever happens. */
export async function withAccount<T>(
  ctx: LoaderContext,
  run: { tenantId: string; connectionId: string; id: string },
  work: (account: Account) => Promise<T>,
): Promise<T> {
  const account = await openAccount(ctx, run.tenantId, run.connectionId, run.id);
  try {
    return await work(account);
  } finally {
    await account.close();
  }
}

import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { listWorkers } from '@octopipe/shared/mapped/list-workers';
import type { PlannedOwners } from '@octopipe/shared/run/read-run';
import { sql } from 'kysely';
import { z } from 'zod';
import { assertSeesEverything, notAnAdmin, seesEverything, UserRights } from '../connect/sees-everything.js';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';

export const RemoteUser = UserRights.extend({
  id: z.number(),
  email: z.string().nullish(),
  is_you: z.boolean().nullish(),
  active_flag: z.boolean().nullish(),
  is_deleted: z.boolean().nullish(),
});

/** More are counted, and listed by GET /v1/owners. */
const mostNamed = 100;

/**
 * The owners gate: binds every worker of the export to a Pipedrive user by e-mail, or to the default owner. Users are
 * matched, never made. What was bound otherwise than by e-mail stays. Answers who is left without a user, so that a dry
 * run says whom records would go to; nothing of it is written to the account. Stops the run when the token's own user does
 * not see everything.
 */
export async function matchOwners(
  ctx: LoaderContext,
  account: Account,
  run: { tenantId: string; exportId: string; setId: string },
  signal: AbortSignal,
): Promise<PlannedOwners> {
  const users = z.array(RemoteUser).parse((await account.read({ operation: 'getUsers' }, signal)).data);
  // Nothing was written yet; what is looked for from now on must be seen.
  const caller = users.find((user) => user.is_you === true);
  if (!caller) await assertSeesEverything(account, signal);
  else if (!seesEverything(caller)) throw notAnAdmin();
  const byEmail = new Map(
    users
      .filter((user) => user.active_flag !== false && user.is_deleted !== true && user.email)
      .map((user) => [user.email?.trim().toLowerCase() ?? '', user.id]),
  );
  return inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, async (tx) => {
    const workers = await listWorkers(tx, run.tenantId, run.exportId);
    const sharedEmails = new Set(
      workers
        .map((worker) => worker.email)
        .filter((email, i, all) => email !== null && all.indexOf(email) !== i),
    );
    const matched: string[] = [];
    const unmatched: Array<Omit<PlannedOwners['workers'][number], 'records'>> = [];
    for (const worker of workers) {
      // Two workers behind one address: which of them the user is cannot be known.
      const userId =
        worker.email === null || sharedEmails.has(worker.email) ? undefined : byEmail.get(worker.email);
      const { sourceKey, name } = worker;
      if (userId !== undefined) matched.push(sourceKey);
      else {
        const why =
          worker.email === null ? 'no_email' : sharedEmails.has(worker.email) ? 'shared_email' : 'no_user';
        unmatched.push({ source_key: sourceKey, name, why });
      }
      await tx
        .insertInto('loader.owner')
        .values({
          tenantId: run.tenantId,
          connectionId: account.connection.id,
          sourceKey,
          state: userId === undefined ? 'default' : 'matched',
          targetUserId: userId ?? null,
          decidedBy: 'email',
        })
        .onConflict((conflict) =>
          conflict
            .columns(['connectionId', 'sourceKey'])
            .doUpdateSet((set) => ({
              state: set.ref('excluded.state'),
              targetUserId: set.ref('excluded.targetUserId'),
            }))
            .where('loader.owner.decidedBy', '=', 'email'),
        )
        .execute();
    }
    const records = await recordsWithout(tx, run, matched);
    const named = unmatched.map((worker) => ({ ...worker, records: records.get(worker.source_key) ?? 0 }));
    return {
      matched: matched.length,
      unmatched: unmatched.length,
      records: [...records.values()].reduce((sum, count) => sum + count, 0),
      workers: named.sort((a, b) => b.records - a.records).slice(0, mostNamed),
    };
  });
}

/** Records that name workers of whom none is matched, by the one who should have it: the first (domain/objects/owner.ts). */
async function recordsWithout(
  tx: Tx,
  run: { tenantId: string; setId: string },
  matched: ReadonlyArray<string>,
): Promise<Map<string, number>> {
  const { rows } = await sql<{ owner: string; records: number }>`
    select payload->'owner_id'->'$owner'->>0 as owner, count(*)::int as records
    from transform.mapped_record
    where tenant_id = ${run.tenantId} and set_id = ${run.setId}::uuid and payload->'owner_id' ? '$owner'
      and not payload->'owner_id'->'$owner' ?| ${[...matched]}::text[]
    group by 1`.execute(tx);
  return new Map(rows.map((row) => [row.owner, row.records]));
}

import { inTransaction } from '@octopipe/shared/db/index';
import { listWorkers } from '@octopipe/shared/mapped/list-workers';
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

/**
 * The owners gate: binds every worker of the export to a Pipedrive user by e-mail, or to the default owner. Users are
 * matched, never made. What a person decided stays. Answers how many of each. Stops the run when the token's own user
 * does not see everything.
 */
export async function matchOwners(
  ctx: LoaderContext,
  account: Account,
  run: { tenantId: string; exportId: string },
  signal: AbortSignal,
): Promise<{ matched: number; defaulted: number }> {
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
    let matched = 0;
    for (const worker of workers) {
      // Two workers behind one address: which of them the user is cannot be known.
      const userId =
        worker.email === null || sharedEmails.has(worker.email) ? undefined : byEmail.get(worker.email);
      if (userId !== undefined) matched += 1;
      await tx
        .insertInto('loader.owner')
        .values({
          tenantId: run.tenantId,
          connectionId: account.connection.id,
          sourceKey: worker.sourceKey,
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
    return { matched, defaulted: workers.length - matched };
  });
}

import { z } from 'zod';
import type { Account } from '../account/account.js';
import { listOf, objectOf } from '../json.js';

export const CallerChange = z.strictObject({
  user: z.int().optional(),
  admin: z.boolean().optional(),
});

/** The token becomes another user's, or its user an admin or none: as if it had been made by somebody else. */
export function giveToken(account: Account, { user, admin }: z.infer<typeof CallerChange>) {
  if (user !== undefined && !account.live('users', user)) throw new Error(`user ${user} does not exist`);
  account.callerId = user ?? account.callerId;
  const caller = account.caller();
  if (admin !== undefined) {
    caller.is_admin = admin ? 1 : 0;
    caller.access = listOf(caller.access).map((app) => ({ ...objectOf(app), admin }));
  }
  return { id: caller.id, is_admin: caller.is_admin ?? 0 };
}

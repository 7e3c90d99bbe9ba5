import { RunStopped } from '@octopipe/shared/core/errors';
import { z } from 'zod';
import type { Account } from '../destination/account.js';

/** What an answer about a user says of their rights. `is_admin` is in the answers, but not in their documentation. */
export const UserRights = z.object({
  access: z.array(z.object({ app: z.string(), admin: z.boolean().nullish() })).nullish(),
  is_admin: z.union([z.number(), z.boolean()]).nullish(),
});
export type UserRights = z.infer<typeof UserRights>;

/**
 * Whether a user sees every record, whatever its owner, groups and visibility are: an admin of the app that deals,
 * leads, contacts and products belong to (`sales`). Everybody else sees what visibility grants them today. We take "not
 * found" for "not there", and write a record that was not found again: so who is not known to see everything does not.
 */
export function seesEverything({ access, is_admin }: UserRights): boolean {
  const sales = access?.find(({ app }) => app === 'sales');
  return sales ? sales.admin === true : Boolean(is_admin);
}

/** Before "not found" is believed: 2 tokens, and the run stops unless the token's user sees everything. */
export async function assertSeesEverything(account: Account, signal?: AbortSignal): Promise<void> {
  const { data } = await account.read({ operation: 'getCurrentUser' }, signal, 'asked_by_answers');
  if (!seesEverything(UserRights.parse(data))) throw notAnAdmin();
}

export function notAnAdmin(): RunStopped {
  return new RunStopped(
    'token_not_admin',
    'The API token belongs to a user who is not an admin (any more). What they cannot see looks as if it were not there, and would be written twice or kept for deleted; connect the account again with the token of an admin, or make the user one, then resume the run.',
  );
}

import type { Account } from '../account/account.js';
import type { SimRecord } from '../account/entities.js';
import { forbidden } from '../api/answers.js';
import type { Draft } from '../json.js';
import { DEALS_PER_COMPANY } from '../limits/plans.js';

/**
 * Leads and deals count together, closed ones too; archived and deleted ones do not (K: Usage limits, section 7.1).
 * The words are documented for deals only; that leads get the same code is our choice.
 */
export function assertRoom(account: Account, what: 'deal' | 'lead'): void {
  const cap = Math.min(account.limits().dealsPerSeat * account.seats, DEALS_PER_COMPANY);
  // Below the cap even with everything ever made: no need to count.
  if (account.table('deals').size + account.table('leads').size < cap) return;
  if (countUnarchived(account) < cap) return;
  const limit = what === 'deal' ? 'Open deals limit' : 'Leads limit';
  throw forbidden(`Couldn't add the ${what}. ${limit} reached.`, 'feature_capping_deals_limit');
}

/** Open question #25, other half: an unarchived record counts again. */
export function assertRoomToUnarchive(
  account: Account,
  what: 'deal' | 'lead',
  before: SimRecord,
  draft: Draft,
): void {
  const unarchived = before.is_archived === true && draft.is_archived === false;
  if (unarchived && account.switches.unarchive_over_cap === 'refused') assertRoom(account, what);
}

function countUnarchived(account: Account): number {
  let count = 0;
  for (const entity of ['deals', 'leads'] as const) {
    for (const record of account.all(entity)) if (record.is_archived !== true) count += 1;
  }
  return count;
}

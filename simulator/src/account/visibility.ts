import type { Account } from './account.js';
import type { Entity, SimRecord } from './entities.js';

type Sees = (entity: Entity, record: SimRecord) => boolean;

/** What has a visibility of its own. */
const withVisibility: ReadonlySet<Entity> = new Set([
  'organizations',
  'persons',
  'products',
  'deals',
  'leads',
]);

/** What is seen by whoever sees all that it hangs on. */
const hanging: ReadonlySet<Entity> = new Set(['activities', 'notes', 'files']);
const links: ReadonlyArray<[property: string, entity: Entity]> = [
  ['deal_id', 'deals'],
  ['person_id', 'persons'],
  ['org_id', 'organizations'],
  ['product_id', 'products'],
  ['activity_id', 'activities'],
  ['lead_id', 'leads'],
];

/**
 * What the token's user sees. An admin sees everything; anybody else what they own, what is visible to the company, and
 * on plans with visibility groups what is visible to the owner's group, if they are of the same (users of one role are).
 * What hangs on something unseen is unseen. What is not seen is not listed, and by its id it is "not found".
 */
function sightOf(account: Account): Sees {
  const caller = account.caller();
  if (caller.is_admin === 1) return () => true;
  const { companyVisibility } = account.limits();
  const sees: Sees = (entity, record) => {
    if (withVisibility.has(entity)) {
      if (record.owner_id === caller.id) return true;
      const visibleTo = Number(record.visible_to ?? companyVisibility);
      if (visibleTo === companyVisibility) return true;
      const owner = account.table('users').get(Number(record.owner_id));
      return visibleTo > 1 && owner?.role_id === caller.role_id;
    }
    if (!hanging.has(entity)) return true;
    return links.every(([property, parents]) => {
      const parent = account.find(parents, record[property]);
      return parent === undefined || sees(parents, parent);
    });
  };
  return sees;
}

/** The records of a list that the token's user sees. */
export function* seenOf(
  account: Account,
  entity: Entity,
  records: Iterable<SimRecord>,
): Generator<SimRecord> {
  const sees = sightOf(account);
  for (const record of records) if (sees(entity, record)) yield record;
}

/** The record, if the token's user sees it. */
export function ifSeen(
  account: Account,
  entity: Entity,
  record: SimRecord | undefined,
): SimRecord | undefined {
  return record && sightOf(account)(entity, record) ? record : undefined;
}

import type { Account } from '../account/account.js';
import type { Entity } from '../account/entities.js';
import { badRequest, forbiddenPlainly } from '../api/answers.js';
import { type Json, listOf, objectOf } from '../json.js';

/** A reference to something that does not exist (any more) is refused. */
export function assertExists(account: Account, entity: Entity, property: string, id: Json | undefined): void {
  if (id === null || id === undefined) return;
  if (!account.live(entity, id)) throw badRequest(`'${property}' refers to a record that was not found.`);
}

/** Whether a deactivated user may own anything is open (probe list #13); refusing is what we code against. */
export function assertOwner(account: Account, id: Json | undefined): void {
  assertExists(account, 'users', 'owner_id', id);
  const owner = account.live('users', id);
  if (owner?.active_flag === false) throw forbiddenPlainly('You do not have permission to change the owner.');
}

export function assertVisibility(account: Account, value: Json | undefined): void {
  if (value === undefined || value === null) return;
  const { visibility } = account.limits();
  if (visibility.some((known) => known === value)) return;
  if (value === 5 || value === 7)
    throw forbiddenPlainly('Your plan does not include this visibility setting.');
  throw badRequest(`'visible_to' must be one of ${visibility.join(', ')}.`);
}

/** Label ids are option ids of the entity's built-in label field. */
export function assertLabels(account: Account, fieldEntity: Entity, ids: Json | undefined): void {
  const labelField = [...account.all(fieldEntity)].find((field) => field.field_code === 'label_ids');
  const known = new Set(listOf(labelField?.options).map((option) => objectOf(option).id));
  for (const id of listOf(ids)) {
    if (!known.has(id)) throw badRequest(`Label ${String(id)} does not exist.`);
  }
}

/**
 * Adding, changing or removing a child moves the parent's update_time, without a ledger line: nobody wrote the parent.
 */
export function touchParents(
  account: Account,
  child: { readonly [property: string]: Json | undefined },
): void {
  const now = account.now();
  for (const [entity, property] of parentProperties) {
    const parent = account.live(entity, child[property]);
    if (parent) parent.update_time = now;
  }
}

const parentProperties = [
  ['deals', 'deal_id'],
  ['persons', 'person_id'],
  ['organizations', 'org_id'],
  ['leads', 'lead_id'],
] as const;

/** Archived deals and leads cannot be edited through the API, nor can anything be attached to them (C 2025-07-15). */
export function assertNotArchived(
  account: Account,
  links: { readonly [property: string]: Json | undefined },
): void {
  if (account.live('deals', links.deal_id)?.is_archived === true) {
    throw badRequest('The deal is archived. Unarchive it first.');
  }
  if (account.live('leads', links.lead_id)?.is_archived === true) {
    throw badRequest('The lead is archived. Unarchive it first.');
  }
}

import type { Account } from '../destination/account.js';
import type { RemoteRecord } from '../destination/entity-table.js';
import { stateKey } from '../verify/state-hash.js';

/** True when a person did something to a record that no list of records shows: wrote mails, added a participant. */
export function isUsed(record: RemoteRecord): boolean {
  return Number(record.email_messages_count ?? 0) > 0 || hasParticipants(record);
}

/** A deal counts its own person among its participants. */
export function hasParticipants(deal: RemoteRecord): boolean {
  return Number(deal.participants_count ?? 0) > (deal.person_id == null ? 0 : 1);
}

/** The persons on whom strangers' deals hang as participants. */
export async function participantsOf(
  account: Account,
  deals: ReadonlyArray<RemoteRecord>,
  signal: AbortSignal,
): Promise<string[]> {
  const links: string[] = [];
  for (const deal of deals.filter(hasParticipants)) {
    const { data } = await account.read(
      { operation: 'getDealParticipants', path: { id: deal.id }, query: { limit: 500 } },
      signal,
    );
    for (const participant of Array.isArray(data) ? (data as Array<{ person_id?: unknown }>) : []) {
      const id = idIn(participant.person_id);
      if (id !== undefined) links.push(stateKey('person', id));
    }
  }
  return links;
}

/** v1 writes a reference as a number or as an object around it. */
function idIn(value: unknown): number | undefined {
  const id = typeof value === 'object' && value !== null ? (value as { value?: unknown }).value : value;
  return typeof id === 'number' ? id : undefined;
}

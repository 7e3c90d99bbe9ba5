import type { Account } from '../account/account.js';
import type { SimRecord } from '../account/entities.js';
import type { Json } from '../json.js';

export interface ChildCounts {
  activities: number;
  doneActivities: number;
  lastActivityId: number | null;
  nextActivityId: number | null;
  notes: number;
  files: number;
  people: number;
  deals: { open: number; won: number; lost: number };
}

const none: ChildCounts = {
  activities: 0,
  doneActivities: 0,
  lastActivityId: null,
  nextActivityId: null,
  notes: 0,
  files: 0,
  people: 0,
  deals: { open: 0, won: 0, lost: 0 },
};

/** One pass over all children, so that a page of 500 parents costs no more than one parent. */
export function countChildren(account: Account, parentProperty: 'deal_id' | 'person_id' | 'org_id') {
  const byParent = new Map<Json | undefined, ChildCounts>();
  const at = (child: SimRecord): ChildCounts => {
    const id = child[parentProperty];
    const counts = byParent.get(id) ?? structuredClone(none);
    byParent.set(id, counts);
    return counts;
  };
  for (const activity of account.all('activities')) {
    const counts = at(activity);
    counts.activities += 1;
    if (activity.done === true) {
      counts.doneActivities += 1;
      counts.lastActivityId = activity.id;
    } else counts.nextActivityId ??= activity.id;
  }
  for (const note of account.all('notes')) at(note).notes += 1;
  for (const file of account.all('files')) at(file).files += 1;
  if (parentProperty === 'org_id') for (const person of account.all('persons')) at(person).people += 1;
  if (parentProperty !== 'deal_id') {
    for (const deal of account.all('deals')) {
      const status = deal.status;
      if (status === 'open' || status === 'won' || status === 'lost') at(deal).deals[status] += 1;
    }
  }
  return (id: number): ChildCounts => byParent.get(id) ?? none;
}

/** Participants beyond the deal's own person, by deal. */
export function countParticipants(account: Account): ReadonlyMap<Json | undefined, number> {
  const byDeal = new Map<Json | undefined, number>();
  for (const { deal_id } of account.all('dealParticipants'))
    byDeal.set(deal_id, (byDeal.get(deal_id) ?? 0) + 1);
  return byDeal;
}

/** The include_fields that deals, persons and organizations share. */
export function commonCounters(counts: ChildCounts): Record<string, Json> {
  return {
    next_activity_id: counts.nextActivityId,
    last_activity_id: counts.lastActivityId,
    activities_count: counts.activities,
    done_activities_count: counts.doneActivities,
    undone_activities_count: counts.activities - counts.doneActivities,
    notes_count: counts.notes,
    files_count: counts.files,
    email_messages_count: 0,
    // The owner follows from the start.
    followers_count: 1,
    last_incoming_mail_time: null,
    last_outgoing_mail_time: null,
  };
}

/** The include_fields about deals that persons and organizations share. */
export function dealCounters({ deals }: ChildCounts): Record<string, Json> {
  const own: Record<string, Json> = {
    open_deals_count: deals.open,
    closed_deals_count: deals.won + deals.lost,
    won_deals_count: deals.won,
    lost_deals_count: deals.lost,
  };
  const related = Object.entries(own).map(([name]) => [`related_${name}`, 0] as const);
  return {
    ...own,
    ...Object.fromEntries(related),
    participant_open_deals_count: 0,
    participant_closed_deals_count: 0,
  };
}

import type { DB } from '@octopipe/shared/db/index';
import type { Selectable } from 'kysely';

/** A connection as the API shows it: never the token. */
export function presentConnection(row: Selectable<DB['loader.connection']>) {
  return {
    id: row.id,
    base_url: row.baseUrl,
    company_domain: row.companyDomain,
    company_key: row.companyKey,
    plan: row.plan,
    seats: row.seats,
    plan_source: row.planSource,
    state: row.state,
    probe: row.probe,
    doubt: row.doubtedAt && {
      since: row.doubtedAt.toISOString(),
      settled_at: row.doubtSettledAt?.toISOString() ?? null,
    },
    created_at: row.createdAt.toISOString(),
  };
}

import { type Kysely, sql } from 'kysely';

/**
 * The settings that a migration was ordered with, beside those that it has now: a portal that repeats its order is known
 * by them also when somebody has edited the settings since, and does not reset them. Nobody knows any more what was
 * ordered before; for those it is what they have.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(ordered).execute(db);
}

// The owner, too, is under row-level security and has no tenant here; it is lifted for the owner alone, in this transaction.
const ordered = `
alter table ingest.migration add column ordered_settings jsonb not null default '{}';
alter table ingest.migration no force row level security;
update ingest.migration set ordered_settings = settings;
alter table ingest.migration force row level security;
`;

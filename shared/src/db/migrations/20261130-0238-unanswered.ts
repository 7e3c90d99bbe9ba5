import { type Kysely, sql } from 'kysely';

/**
 * How often in a row the account gave no readable answer to a call: after so many it is left to a person. A death of our
 * worker does not count. Metrics tell how long such a call has been tried.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
alter table loader.intent add column unanswered int not null default 0;
grant select (created_at, unanswered) on loader.intent to octopipe_system;
`)
    .execute(db);
}

import { type Kysely, sql } from 'kysely';

/**
 * How often an intent was released to be sent again although nobody knows what became of it: only then can the account
 * write it late, and a record of ours stand twice. Of older intents it is not known, so that their copies are told and
 * not removed.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table loader.intent add column releases int not null default 0').execute(db);
}

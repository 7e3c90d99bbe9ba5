import { type Kysely, sql } from 'kysely';

/**
 * A record may stand under another (a line under its deal) and can only be reached through it: the parent's id in the
 * account is kept with each attempt to write it and with the record.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
alter table loader.intent add column parent_id text;
alter table loader.target_record add column parent_id text;
`)
    .execute(db);
}

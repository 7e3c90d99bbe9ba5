import { type Kysely, sql } from 'kysely';

/**
 * Whether the after-image of a record is of a later time than our write: the verification made it, since no answer did. It
 * says what is there, and not that nobody has changed it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw('alter table loader.target_record add column image_is_late boolean not null default false')
    .execute(db);
}

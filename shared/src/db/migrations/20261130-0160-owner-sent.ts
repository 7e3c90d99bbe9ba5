import { type Kysely, sql } from 'kysely';

/**
 * The Pipedrive user that a record was last sent with as its owner. Whom a worker is bound to may change, and so may
 * whoever gets what has no owner: what was written is compared with what was meant then. Null: it was sent with none,
 * or before this column.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
alter table loader.intent add column owner_id bigint;
alter table loader.target_record add column owner_id bigint;
`)
    .execute(db);
}

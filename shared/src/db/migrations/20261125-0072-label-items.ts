import { type Kysely, sql } from 'kysely';

/** Labels are items of the destination like fields and activity types: found by name, made once, removed by a rollback. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
alter table loader.destination_item drop constraint destination_item_kind_check;
alter table loader.destination_item add constraint destination_item_kind_check
  check (kind in ('field','option','pipeline','stage','activity_type','label'));
`)
    .execute(db);
}

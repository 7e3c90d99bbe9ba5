import { type Kysely, sql } from 'kysely';

/** What a batch that kills its workers is tried with, and what tells whether anything came of a turn. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(poison).execute(db);
}

const poison = `
alter table loader.batch_progress
  -- Of a batch on trial, the keys that the next turn may try; null: all.
  add column suspects text[],
  -- Keys without an outcome when it was last looked at; null: never looked at.
  add column open_keys int;
`;

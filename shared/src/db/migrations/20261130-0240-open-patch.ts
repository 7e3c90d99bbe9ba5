import { type Kysely, sql } from 'kysely';

/**
 * What updates of a record that the account has not confirmed yet were to write, in canonical form: if an answer to one is
 * lost, this tells what in the record may be ours. Of first patches of matched records the before-image holds it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table loader.target_record add column patched jsonb').execute(db);
}

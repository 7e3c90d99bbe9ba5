import { type Kysely, sql } from 'kysely';

/**
 * What our first patch of a matched record was to write, in canonical form: if its answer is lost, this tells a rollback
 * what may be ours.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table loader.before_image add column patched jsonb').execute(db);
}

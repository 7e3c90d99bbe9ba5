import { type Kysely, sql } from 'kysely';

/**
 * When the overlap of a rotated key ends is kept beside the expiry that it was made with. Shortened in place, the expiry
 * was handed to the next key when the same one was rotated again, which then died with the overlap.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(retiresAt).execute(db);
}

const retiresAt = `
alter table core.api_key add column retires_at timestamptz;
grant update (retires_at) on core.api_key to octopipe_system;
`;

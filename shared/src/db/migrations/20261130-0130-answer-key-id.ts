import { type Kysely, sql } from 'kysely';

/**
 * Kept answers say which master key sealed them, as tenants do, so that a rotation finds those of a former one. Null: from
 * before it was noted; they live for a day.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(keyIds).execute(db);
}

const keyIds = `
alter table core.idempotency add column master_key_id text;
grant update (master_key_id) on core.idempotency
  to octopipe_ingest, octopipe_transform, octopipe_loader, octopipe_reporter;
grant update (master_key_id) on core.tenant to octopipe_system;
`;

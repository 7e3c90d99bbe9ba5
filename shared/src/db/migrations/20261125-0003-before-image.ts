import { type Kysely, sql } from 'kysely';

/**
 * What a record of the customer's own said before our first patch of it, in canonical form: what a rollback puts back.
 * A record that we created has no row here.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
create table loader.before_image (
  tenant_id uuid not null references core.tenant,
  connection_id uuid not null references loader.connection,
  target_key text not null,
  entity text not null,
  target_id text not null,
  image jsonb not null,
  taken_by_run uuid not null references loader.run,
  taken_at timestamptz not null default now(),
  primary key (connection_id, target_key)
);
grant select on loader.before_image to octopipe_ingest, octopipe_transform, octopipe_reporter;
grant select, insert, update, delete on loader.before_image to octopipe_loader;
alter table loader.before_image enable row level security;
alter table loader.before_image force row level security;
create policy of_tenant on loader.before_image using (tenant_id = current_setting('app.tenant')::uuid);
create policy of_system on loader.before_image for select to octopipe_system using (true);
`)
    .execute(db);
}

import { type Kysely, sql } from 'kysely';

/**
 * Source ids that name no record of their own in a mapped set: what refers to them refers to the surviving id. Derived
 * from the confirmed mapping and the export's rows when the set begins, so it cannot disagree with either.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
create table transform.source_alias (
  tenant_id uuid not null references core.tenant,
  set_id uuid not null references transform.mapped_set,
  object text not null,
  source_id text not null,
  surviving_id text not null,
  primary key (set_id, object, source_id),
  check (source_id <> surviving_id)
);
create index on transform.source_alias (set_id, object, surviving_id);
grant select on transform.source_alias to octopipe_ingest, octopipe_loader, octopipe_reporter;
grant select, insert, update, delete on transform.source_alias to octopipe_transform;
alter table transform.source_alias enable row level security;
alter table transform.source_alias force row level security;
create policy of_tenant on transform.source_alias using (tenant_id = current_setting('app.tenant')::uuid);
create policy of_system on transform.source_alias for select to octopipe_system using (true);
`)
    .execute(db);
}

import { type Kysely, sql } from 'kysely';

/**
 * The purge of a tenant, and what is left of it: one row, which is the receipt when it has ended. It refers to the
 * tenant by no foreign key, because it outlives it, and holds a hash of the slug, counts and ids: no name.
 * `core.tenant.purge_id` is the mark: from the commit that sets it nothing of the tenant is answered or worked on any more.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(table).execute(db);
  await sql.raw(access).execute(db);
}

const table = `
create table core.purge (
  id uuid primary key default gen_random_uuid(),
  -- The tenant's id, also the name of its folder in the file store.
  subject_id uuid not null unique,
  slug_hash text not null,
  -- The API key, by id: its label may be a person's name.
  requested_by uuid not null,
  requested_at timestamptz not null default now(),
  -- Whose tables are being emptied: the services in the order of their foreign keys, children first.
  step text not null default 'reporter' check (step in ('reporter','loader','transform','ingest','done')),
  -- By table: counted in the transaction that removes them.
  rows_removed jsonb not null default '{}',
  files bigint,
  bytes bigint,
  finished_at timestamptz,
  receipt_hash text,
  moved_at timestamptz not null default now(),
  check ((step = 'done') = (finished_at is not null)),
  check ((step = 'done') = (receipt_hash is not null)),
  check (step <> 'done' or (files is not null and bytes is not null))
);
create index on core.purge (slug_hash);
create index purge_open on core.purge (step) where step <> 'done';
create trigger note_movement before update on core.purge for each row execute function core.note_movement();
alter table core.tenant add column purge_id uuid references core.purge;
-- The purge takes a tenant's runs by it.
create index on loader.run (tenant_id);
`;

// Keys and tenants are no service's: only the system role marks them, and takes them away. Taking a tenant away is refused
// by every foreign key while a row of it is left. core's logs go with ingest, whose step is the last.
const access = `
grant select on core.purge to octopipe_ingest, octopipe_transform, octopipe_loader, octopipe_reporter, octopipe_system;
grant update (step, rows_removed) on core.purge to octopipe_ingest, octopipe_transform, octopipe_loader, octopipe_reporter;
grant update (files, bytes) on core.purge to octopipe_ingest;
grant insert, update on core.purge to octopipe_system;
grant update (purge_id, wrapped_data_key) on core.tenant to octopipe_system;
grant delete on core.tenant, core.api_key to octopipe_system;
grant delete on core.event, core.idempotency to octopipe_ingest;
`;

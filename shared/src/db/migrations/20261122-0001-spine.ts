import { type Kysely, sql } from 'kysely';

/**
 * The whole house: one schema per service, one NOLOGIN role per service, row-level security on every table that
 * holds a tenant's rows. A table is written by the service that owns its schema and read by the others.
 * `core` is written through shared functions by all four.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(roles).execute(db);
  await sql.raw(core).execute(db);
  await sql.raw(ingest).execute(db);
  await sql.raw(transform).execute(db);
  await sql.raw(loader).execute(db);
  await sql.raw(reporter).execute(db);
  await sql.raw(access).execute(db);
}

// Roles belong to the cluster, not to the database: several databases (tests) may create them at the same moment.
const roles = `
do $$
declare r text;
begin
  perform pg_advisory_xact_lock(7265001);
  foreach r in array array['octopipe_ingest','octopipe_transform','octopipe_loader','octopipe_reporter','octopipe_system'] loop
    if not exists (select from pg_roles where rolname = r) then
      begin
        execute format('create role %I nologin', r);
      exception when duplicate_object or unique_violation then null;
      end;
    end if;
    begin
      execute format('grant %I to current_user', r);
    exception when unique_violation then null;
    end;
  end loop;
end $$;
create schema core; create schema ingest; create schema transform; create schema loader; create schema reporter;
`;

const core = `
create table core.tenant (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  wrapped_data_key bytea not null,
  master_key_id text not null,
  created_at timestamptz not null default now()
);
create table core.api_key (
  id uuid primary key default gen_random_uuid(),
  key_hash bytea not null unique,
  role text not null check (role in ('portal','operator','tenant_admin','viewer')),
  tenant_id uuid references core.tenant,
  label text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz
);
create table core.event (
  id bigint generated always as identity primary key,
  tenant_id uuid not null references core.tenant,
  migration_id uuid not null,
  run_id uuid,
  kind text not null,
  facts jsonb not null default '{}',
  at timestamptz not null default now()
);
create index on core.event (tenant_id, migration_id, id);
create table core.finding (
  id bigint generated always as identity primary key,
  tenant_id uuid not null references core.tenant,
  migration_id uuid not null,
  export_id uuid not null,
  set_id uuid,
  origin text not null check (origin in ('stage','assess','map')),
  code text not null,
  severity text not null check (severity in ('block','warn','info')),
  object text not null,
  source_id text,
  file text,
  row_number int,
  column_name text,
  facts jsonb not null default '{}'
);
create index on core.finding (tenant_id, export_id, origin, object);
`;

const ingest = `
create table ingest.migration (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references core.tenant,
  reference text not null,
  name text not null,
  settings jsonb not null default '{}',
  created_at timestamptz not null default now(),
  unique (tenant_id, reference)
);
create table ingest.export (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references core.tenant,
  migration_id uuid not null references ingest.migration,
  state text not null check (state in ('received','staging','staged','assessed','failed')),
  sha256 text not null,
  bytes bigint not null,
  blob text not null,
  manifest jsonb,
  error_code text,
  error_detail text,
  created_at timestamptz not null default now(),
  assessed_at timestamptz,
  unique (migration_id, sha256)
);
create table ingest.export_file (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references core.tenant,
  export_id uuid not null references ingest.export,
  path text not null,
  object text,
  kind text not null check (kind in ('table','json','attachment','manifest','unknown')),
  state text not null default 'pending' check (state in ('pending','staged','kept','ignored')),
  blob text not null,
  bytes bigint not null,
  sha256 text not null,
  encoding text,
  delimiter text,
  columns jsonb not null default '[]',
  dropped_columns jsonb not null default '[]',
  row_count int,
  first_row int,
  unique (export_id, path)
);
create table ingest.staged_row (
  tenant_id uuid not null,
  export_id uuid not null,
  object text not null,
  row_number int not null,
  file_id uuid not null,
  source_id text,
  cells text[] not null,
  row_hash bytea not null,
  refs text[] not null
) partition by list (export_id);
create table ingest.staged_ref (
  tenant_id uuid not null references core.tenant,
  export_id uuid not null references ingest.export,
  object text not null,
  row_number int not null,
  relation text not null,
  parent_object text not null,
  parent_id text not null
);
create index on ingest.staged_ref (export_id, parent_object, parent_id);
create index on ingest.staged_ref (export_id, object, row_number);
create table ingest.row_verdict (
  tenant_id uuid not null references core.tenant,
  export_id uuid not null references ingest.export,
  object text not null,
  row_number int not null,
  verdict text not null check (verdict in ('excluded','rejected')),
  reason text not null,
  primary key (export_id, object, row_number)
);
create table ingest.field_profile (
  tenant_id uuid not null references core.tenant,
  export_id uuid not null references ingest.export,
  object text not null,
  header text not null,
  row_count int not null,
  filled int not null,
  distinct_count int not null,
  max_length int not null,
  inferred_type text not null,
  facts jsonb not null default '{}',
  primary key (export_id, object, header)
);
`;

const transform = `
create table transform.mapping_version (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references core.tenant,
  migration_id uuid not null references ingest.migration,
  export_id uuid not null references ingest.export,
  number int not null,
  state text not null check (state in ('proposed','confirmed','superseded')),
  content jsonb not null,
  content_hash text not null,
  confirmed_by text,
  confirmed_at timestamptz,
  waived boolean not null default false,
  created_at timestamptz not null default now(),
  unique (migration_id, number),
  check ((state = 'confirmed') = (confirmed_at is not null) or state = 'superseded')
);
create table transform.mapped_set (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references core.tenant,
  migration_id uuid not null references ingest.migration,
  export_id uuid not null references ingest.export,
  mapping_version_id uuid not null references transform.mapping_version,
  state text not null check (state in ('mapping','mapped','failed')),
  progress jsonb not null default '{}',
  error_code text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (export_id, mapping_version_id)
);
create table transform.mapped_record (
  tenant_id uuid not null references core.tenant,
  set_id uuid not null references transform.mapped_set,
  target_key text not null,
  entity text not null,
  source_object text not null,
  sort_key text not null default '',
  payload jsonb not null,
  payload_hash text not null,
  primary key (set_id, target_key)
);
create index on transform.mapped_record (set_id, entity, target_key);
create table transform.source_outcome (
  tenant_id uuid not null references core.tenant,
  set_id uuid not null references transform.mapped_set,
  object text not null,
  row_number int not null,
  source_id text,
  outcome text not null check (outcome in ('mapped','merged','excluded','rejected')),
  reason text not null default '',
  primary key (set_id, object, row_number),
  check ((outcome in ('excluded','rejected')) = (reason <> ''))
);
create table transform.source_link (
  tenant_id uuid not null references core.tenant,
  set_id uuid not null references transform.mapped_set,
  object text not null,
  source_id text not null,
  slot text not null default '',
  target_key text not null,
  role text not null check (role in ('primary','contributes','merged')),
  primary key (set_id, target_key, object, source_id, slot)
);
create index on transform.source_link (set_id, object, source_id);
create table transform.load_batch (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references core.tenant,
  set_id uuid not null references transform.mapped_set,
  entity text not null,
  seq int not null,
  target_keys text[] not null,
  unique (set_id, entity, seq)
);
`;

const loader = `
create table loader.connection (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references core.tenant,
  base_url text not null,
  company_key text not null,
  company_domain text not null,
  sealed_token bytea not null,
  state text not null check (state in ('ready','broken')),
  plan text not null,
  seats int not null check (seats > 0),
  plan_source text not null,
  probe jsonb not null default '{}',
  created_at timestamptz not null default now(),
  unique (tenant_id, company_key)
);
create table loader.run (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references core.tenant,
  migration_id uuid not null references ingest.migration,
  connection_id uuid not null references loader.connection,
  export_id uuid not null references ingest.export,
  mapping_version_id uuid not null references transform.mapping_version,
  set_id uuid references transform.mapped_set,
  kind text not null check (kind in ('dry_run','sandbox','production','delta','rollback')),
  status text not null check (status in ('queued','running','waiting_budget','waiting_person','paused','failed','done','rolled_back','cancelled')),
  phase text,
  reason_code text,
  reason text,
  resume_at timestamptz,
  waivers jsonb not null default '[]',
  plan jsonb not null default '{}',
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);
create unique index one_live_run_per_connection on loader.run (connection_id) where status not in ('failed','done','rolled_back','cancelled');
create table loader.run_phase (
  tenant_id uuid not null references core.tenant,
  run_id uuid not null references loader.run,
  phase text not null,
  position int not null,
  entity text,
  state text not null check (state in ('pending','running','done')),
  planned int not null default 0,
  gate jsonb,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (run_id, phase)
);
create table loader.batch_progress (
  tenant_id uuid not null references core.tenant,
  run_id uuid not null references loader.run,
  batch_id uuid not null references transform.load_batch,
  entity text not null,
  seq int not null,
  state text not null check (state in ('pending','leased','settling','done')),
  locked_by text,
  lease_until timestamptz,
  fence bigint not null default 0,
  crashes int not null default 0,
  primary key (run_id, batch_id)
);
create table loader.record_outcome (
  tenant_id uuid not null references core.tenant,
  run_id uuid not null references loader.run,
  target_key text not null,
  entity text not null,
  outcome text not null check (outcome in ('created','updated','unchanged','failed')),
  code text,
  detail text,
  primary key (run_id, target_key),
  check ((outcome = 'failed') = (code is not null))
);
create table loader.intent (
  id bigint generated always as identity primary key,
  tenant_id uuid not null references core.tenant,
  connection_id uuid not null references loader.connection,
  run_id uuid not null references loader.run,
  batch_id uuid,
  target_key text not null,
  entity text not null,
  operation text not null check (operation in ('create','update','delete')),
  generation int not null,
  state text not null check (state in ('planned','sent','ambiguous','confirmed','rejected','parked')),
  attempt int not null default 0,
  fence bigint not null default 0,
  payload_hash text not null,
  body_hash text,
  sent_at timestamptz,
  deadline timestamptz,
  not_before timestamptz,
  probes int not null default 0,
  last_probe_at timestamptz,
  target_id text,
  code text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (connection_id, target_key, operation, generation)
);
create index intent_open on loader.intent (connection_id, entity, state) where state in ('planned','sent','ambiguous');
create table loader.target_record (
  tenant_id uuid not null references core.tenant,
  connection_id uuid not null references loader.connection,
  target_key text not null,
  entity text not null,
  target_id text not null,
  payload jsonb not null,
  payload_hash text not null,
  after_image jsonb,
  generation int not null default 1,
  created_by_run uuid not null references loader.run,
  written_by_run uuid not null references loader.run,
  written_at timestamptz not null default now(),
  verified_at timestamptz,
  primary key (connection_id, target_key)
);
create index on loader.target_record (connection_id, entity, target_id);
create table loader.crosswalk (
  tenant_id uuid not null references core.tenant,
  connection_id uuid not null references loader.connection,
  source_type text not null,
  source_id text not null,
  slot text not null default '',
  target_key text not null,
  role text not null check (role in ('primary','contributes','merged')),
  primary key (connection_id, target_key, source_type, source_id, slot)
);
create index on loader.crosswalk (connection_id, source_type, source_id);
create table loader.destination_item (
  tenant_id uuid not null references core.tenant,
  connection_id uuid not null references loader.connection,
  kind text not null check (kind in ('field','option','pipeline','stage','activity_type')),
  entity text not null default '',
  parent text not null default '',
  name text not null,
  item_type text not null default '',
  actual_name text not null,
  remote_id text,
  remote_key text,
  created_by_run uuid references loader.run,
  primary key (connection_id, kind, entity, parent, name)
);
create table loader.owner (
  tenant_id uuid not null references core.tenant,
  connection_id uuid not null references loader.connection,
  source_key text not null,
  state text not null check (state in ('matched','default','bind_later')),
  target_user_id bigint,
  decided_by text not null,
  primary key (connection_id, source_key)
);
create table loader.company_budget (
  company_key text primary key,
  day date not null,
  daily_limit int not null,
  ceiling int not null,
  spent int not null default 0,
  remote_remaining int,
  exhausted_until timestamptz,
  blocked_until timestamptz,
  last_probe_at timestamptz,
  burst_limit int not null,
  burst_next_at timestamptz not null default now(),
  clock_skew_ms bigint not null default 0,
  updated_at timestamptz not null default now()
);
create table loader.token_use (
  tenant_id uuid not null references core.tenant,
  connection_id uuid not null references loader.connection,
  run_id uuid not null references loader.run,
  operation text not null,
  day date not null,
  calls int not null,
  tokens int not null,
  primary key (run_id, operation, day)
);
create table loader.verification (
  tenant_id uuid not null references core.tenant,
  run_id uuid not null references loader.run,
  entity text not null,
  records int not null,
  fields int not null,
  differences int not null,
  finished_at timestamptz not null default now(),
  primary key (run_id, entity)
);
create table loader.difference (
  tenant_id uuid not null references core.tenant,
  run_id uuid not null references loader.run,
  entity text not null,
  target_key text not null,
  field text not null,
  kind text not null check (kind in ('missing','extra','changed')),
  primary key (run_id, target_key, field)
);
`;

const reporter = `
create table reporter.document (
  tenant_id uuid not null references core.tenant,
  run_id uuid not null references loader.run,
  name text not null,
  media_type text not null,
  blob text not null,
  bytes bigint not null,
  sha256 text not null,
  created_at timestamptz not null default now(),
  primary key (run_id, name)
);
`;

// Rules that hold for every table, so that a new one cannot be forgotten: the loop reads the catalogue.
//  - a service role writes its own schema and reads the others; core is readable, its log tables are appendable by all;
//  - tables with tenant_id: FORCE row-level security; current_setting without the missing-ok flag makes a forgotten tenant an error;
//  - octopipe_system (dispatch and sweep) sees all tenants, but only the queue-state tables and no payload.
const access = `
do $$
declare t record; s text;
begin
  foreach s in array array['ingest','transform','loader','reporter'] loop
    execute format('grant usage on schema core, ingest, transform, loader, reporter to octopipe_%s', s);
    execute format('grant create on schema %I to octopipe_%s', s, s);
    execute format('grant select on all tables in schema core, ingest, transform, loader, reporter to octopipe_%s', s);
    execute format('grant insert, update, delete on all tables in schema %I to octopipe_%s', s, s);
    execute format('grant insert on core.event, core.finding, core.tenant, core.api_key to octopipe_%s', s);
    execute format('grant delete on core.finding to octopipe_%s', s);
    execute format('grant update (last_used_at) on core.api_key to octopipe_%s', s);
  end loop;
  grant usage on schema core, ingest, transform, loader, reporter to octopipe_system;
  grant select on core.tenant, core.api_key, ingest.export, ingest.export_file, transform.mapping_version, transform.mapped_set,
    transform.load_batch, loader.run, loader.run_phase, loader.batch_progress, loader.company_budget, reporter.document to octopipe_system;
  grant select (id, tenant_id, company_key, state) on loader.connection to octopipe_system;
  grant select (id, tenant_id, connection_id, run_id, batch_id, entity, state, not_before, deadline, last_probe_at, probes) on loader.intent to octopipe_system;
  grant insert on core.tenant, core.api_key to octopipe_system;
  grant update (last_used_at) on core.api_key to octopipe_system;

  for t in
    select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where n.nspname in ('core','ingest','transform','loader','reporter') and c.relkind in ('r','p') and c.relname <> 'api_key'
  loop
    execute format('alter table %I.%I enable row level security', t.nspname, t.relname);
    execute format('alter table %I.%I force row level security', t.nspname, t.relname);
    execute format('create policy of_tenant on %I.%I using (tenant_id = current_setting(''app.tenant'')::uuid)', t.nspname, t.relname);
    execute format('create policy of_system on %I.%I for select to octopipe_system using (true)', t.nspname, t.relname);
  end loop;
end $$;
-- Partitions are made and dropped by ingest itself: COPY goes into a detached table, then the table is attached.
alter table ingest.staged_row owner to octopipe_ingest;
grant references on ingest.export to octopipe_ingest;
`;

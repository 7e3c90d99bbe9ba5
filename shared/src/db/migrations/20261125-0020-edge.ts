import { type Kysely, sql } from 'kysely';

/**
 * What stands before the routes: keys that can be rotated, revoked and recognised; answers remembered by
 * Idempotency-Key; the use of each key in the current minute.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(keys).execute(db);
  await sql.raw(idempotency).execute(db);
  await sql.raw(rates).execute(db);
}

// A tenant's key without a tenant could name any of them: such a key must not have existed.
const keys = `
delete from core.api_key where role in ('tenant_admin','viewer') and tenant_id is null;
alter table core.api_key
  add column family_id uuid not null default gen_random_uuid(),
  add column hint text not null default '',
  add column created_by text,
  add column requests_per_minute int check (requests_per_minute > 0),
  add column revoked_at timestamptz,
  add constraint tenant_roles_have_a_tenant check (role in ('portal','operator') or tenant_id is not null);
create index on core.api_key (tenant_id);
grant update (expires_at, revoked_at) on core.api_key to octopipe_system;
`;

// tenant_id is null while it is not known (a call that opens a tenant) and for what belongs to the installation.
const idempotency = `
create table core.idempotency (
  id uuid primary key default gen_random_uuid(),
  family_id uuid not null,
  route text not null,
  key text not null,
  tenant_id uuid references core.tenant,
  request_hash bytea not null,
  body_hash bytea,
  state text not null check (state in ('running','done')),
  fence bigint not null default 1,
  lease_until timestamptz not null,
  status int,
  headers jsonb,
  sealed_body bytea,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  unique (family_id, route, key),
  check ((state = 'done') = (status is not null and sealed_body is not null))
);
create index on core.idempotency (expires_at);
create index on core.idempotency (tenant_id);
alter table core.idempotency enable row level security;
alter table core.idempotency force row level security;
create policy of_tenant on core.idempotency using (tenant_id = current_setting('app.tenant')::uuid);
create policy of_system on core.idempotency to octopipe_system using (true);
grant select on core.idempotency to octopipe_ingest, octopipe_transform, octopipe_loader, octopipe_reporter;
grant update (state, status, headers, sealed_body, body_hash) on core.idempotency
  to octopipe_ingest, octopipe_transform, octopipe_loader, octopipe_reporter;
grant select, insert, update, delete on core.idempotency to octopipe_system;
`;

const rates = `
create table core.rate_use (
  family_id uuid primary key,
  window_start timestamptz not null,
  used int not null
);
grant select, insert, update, delete on core.rate_use to octopipe_system;
`;

import { type Kysely, sql } from 'kysely';

/**
 * Webhooks. `core.outbox` holds the events that nobody has looked at yet: written with the event, taken away by ingest's
 * relay. It is read by status and never by "id above the last seen", which loses rows that commit out of order.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(tables).execute(db);
  await sql.raw(access).execute(db);
}

const tables = `
create table core.outbox (
  event_id bigint primary key references core.event on delete cascade,
  tenant_id uuid not null references core.tenant
);
create index on core.outbox (tenant_id);
create table ingest.webhook (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references core.tenant,
  url text not null,
  types text[] not null,
  sealed_secret bytea not null,
  former_secret bytea,
  former_until timestamptz,
  state text not null default 'active' check (state in ('active','disabled')),
  disabled_reason text,
  failures int not null default 0,
  rest_until timestamptz,
  created_at timestamptz not null default now()
);
create index on ingest.webhook (tenant_id);
create table ingest.webhook_delivery (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references core.tenant,
  webhook_id uuid not null references ingest.webhook on delete cascade,
  event_id bigint,
  type text not null,
  body text not null,
  state text not null default 'pending' check (state in ('pending','delivered','failed')),
  attempts int not null default 0,
  next_at timestamptz not null default now(),
  last_status int,
  last_error text,
  created_at timestamptz not null default now(),
  delivered_at timestamptz,
  unique (webhook_id, event_id, type)
);
create index webhook_delivery_due on ingest.webhook_delivery (webhook_id, next_at) where state = 'pending';
create table ingest.announced_stage (
  migration_id uuid primary key references ingest.migration,
  tenant_id uuid not null references core.tenant,
  stage text not null
);
`;

const access = `
do $$
declare t text; s text;
begin
  foreach t in array array['core.outbox','ingest.webhook','ingest.webhook_delivery','ingest.announced_stage'] loop
    execute format('alter table %s enable row level security', t);
    execute format('alter table %s force row level security', t);
    execute format('create policy of_tenant on %s using (tenant_id = current_setting(''app.tenant'')::uuid)', t);
    execute format('create policy of_system on %s for select to octopipe_system using (true)', t);
  end loop;
  foreach s in array array['ingest','transform','loader','reporter'] loop
    execute format('grant select, insert on core.outbox to octopipe_%s', s);
    execute format('grant select on ingest.webhook, ingest.webhook_delivery, ingest.announced_stage to octopipe_%s', s);
  end loop;
  -- update: asked of whoever locks a row to take it.
  grant update, delete on core.outbox to octopipe_ingest;
  grant insert, update, delete on ingest.webhook, ingest.webhook_delivery, ingest.announced_stage to octopipe_ingest;
  grant select on core.outbox to octopipe_system;
  grant select (id, tenant_id, state, rest_until) on ingest.webhook to octopipe_system;
  grant select (id, tenant_id, webhook_id, state, next_at) on ingest.webhook_delivery to octopipe_system;
end $$;
`;

import { type Kysely, sql } from 'kysely';

/**
 * Which record of the account one of ours is, and who said so; and of a matched record the fields that we wrote: the
 * rest of it is theirs, and neither verified nor changed later.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(matching).execute(db);
}

const matching = `
create table loader.record_match (
  tenant_id uuid not null references core.tenant,
  connection_id uuid not null references loader.connection,
  target_key text not null,
  entity text not null check (entity in ('organization','person','product')),
  state text not null check (state in ('proposed','decided')),
  reason text not null check (reason in ('one_candidate','several_candidates','shared_candidate','names_differ')),
  candidates jsonb not null,
  decision text check (decision in ('match','create')),
  target_id text,
  decided_by text,
  decided_at timestamptz,
  proposed_by_run uuid not null references loader.run,
  primary key (connection_id, target_key),
  check (state = case when decision is null then 'proposed' else 'decided' end),
  check ((decision is not null) = (decided_by is not null)),
  check ((decision is not distinct from 'match') = (target_id is not null))
);
create unique index one_key_per_matched_record on loader.record_match (connection_id, entity, target_id) where decision = 'match';
grant select on loader.record_match to octopipe_ingest, octopipe_transform, octopipe_loader, octopipe_reporter;
grant insert, update, delete on loader.record_match to octopipe_loader;
alter table loader.record_match enable row level security;
alter table loader.record_match force row level security;
create policy of_tenant on loader.record_match using (tenant_id = current_setting('app.tenant')::uuid);
create policy of_system on loader.record_match for select to octopipe_system using (true);

-- Null: we made the record, and all of it is ours.
alter table loader.target_record add column written_fields text[];
`;

import { type Kysely, sql } from 'kysely';

/**
 * Runs that take a load back (`rollback`) and runs that only look (`verify`): both are about an earlier run.
 * A rollback plans record by record (`rollback_item`) and makes its own batches, so a batch's keys may stand in its
 * progress row instead of transform's load_batch. Differences say who made them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
alter table loader.run drop constraint run_kind_check;
alter table loader.run add constraint run_kind_check
  check (kind in ('dry_run','sandbox','production','delta','rollback','verify'));
alter table loader.run add column of_run_id uuid references loader.run;
-- Null: all of them.
alter table loader.run add column entities text[];
alter table loader.run add constraint run_of_run check (kind not in ('rollback','verify') or of_run_id is not null);

alter table loader.batch_progress drop constraint batch_progress_batch_id_fkey;
alter table loader.batch_progress add column target_keys text[];

alter table loader.record_outcome drop constraint record_outcome_outcome_check;
alter table loader.record_outcome add constraint record_outcome_outcome_check
  check (outcome in ('created','updated','unchanged','failed','deleted','restored','gone','kept'));
alter table loader.record_outcome drop constraint record_outcome_check;
alter table loader.record_outcome add constraint record_outcome_check
  check ((outcome in ('failed','kept')) = (code is not null));

alter table loader.difference drop constraint difference_kind_check;
alter table loader.difference add constraint difference_kind_check
  check (kind in ('missing','extra','changed','changed_by_us','changed_by_person','truncated'));

create table loader.rollback_item (
  tenant_id uuid not null references core.tenant,
  run_id uuid not null references loader.run,
  entity text not null,
  target_key text not null,
  target_id text not null,
  action text not null check (action in ('delete','restore','restored','gone','keep')),
  reason text,
  -- What the account calls it, for the list of what is kept.
  label text,
  -- Stands in the archive: has to be taken out of it first.
  archived boolean not null default false,
  -- The fields that a person changed.
  fields text[] not null default '{}',
  -- Target keys of the records it hangs on: they stay when it stays.
  hangs_on text[] not null default '{}',
  holder text not null default 'none' check (holder in ('none','others','kept','whole')),
  primary key (run_id, target_key),
  check ((action = 'keep') = (reason is not null))
);
create index on loader.rollback_item (run_id, entity);
grant select on loader.rollback_item to octopipe_ingest, octopipe_transform, octopipe_reporter;
grant select, insert, update, delete on loader.rollback_item to octopipe_loader;
alter table loader.rollback_item enable row level security;
alter table loader.rollback_item force row level security;
create policy of_tenant on loader.rollback_item using (tenant_id = current_setting('app.tenant')::uuid);
create policy of_system on loader.rollback_item for select to octopipe_system using (true);
`)
    .execute(db);
}

import { type Kysely, sql } from 'kysely';

/**
 * Since when a run has its status: at night the question is which run waits, and for how long. By trigger: whoever
 * moves a run need not think of it, and cannot forget it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(since).execute(db);
}

// The owner, too, is under row-level security and has no tenant here; it is lifted for the owner alone, in this transaction.
const since = `
alter table loader.run add column status_since timestamptz not null default now();
alter table loader.run no force row level security;
alter table core.event no force row level security;
update loader.run run set status_since = coalesce(
  (select max(at) from core.event event where event.run_id = run.id and event.kind = 'run.' || run.status), run.created_at);
alter table loader.run force row level security;
alter table core.event force row level security;
create function loader.note_status_since() returns trigger language plpgsql as $$
begin
  new.status_since = now();
  return new;
end $$;
create trigger note_status_since before update of status on loader.run
  for each row when (old.status is distinct from new.status) execute function loader.note_status_since();
create index on loader.run (created_at, id);
`;

import { type Kysely, sql } from 'kysely';

/**
 * When a piece of work moved last, so that "nothing moves" can be seen from outside (metric octopipe_unmoved_seconds).
 * By trigger: whoever changes such a row need not think of it, and cannot forget it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(movement).execute(db);
}

const movement = `
create function core.note_movement() returns trigger language plpgsql as $$
begin
  new.moved_at = now();
  return new;
end $$;
do $$
declare t text;
begin
  foreach t in array array['ingest.export','ingest.export_file','transform.mapped_set','loader.batch_progress'] loop
    execute format('alter table %s add column moved_at timestamptz not null default now()', t);
    execute format('create trigger note_movement before update on %s for each row execute function core.note_movement()', t);
  end loop;
end $$;
`;

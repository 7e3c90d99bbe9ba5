import { type Kysely, sql } from 'kysely';

/**
 * After the database was restored to an earlier time, accounts hold records that the tables do not know. Which restores
 * there were, which connections are in doubt for it, and the batches whose records have to be looked for before they
 * are written.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(doubt).execute(db);
}

const doubt = `
create table loader.restore (at timestamptz primary key default now());
grant select on loader.restore to octopipe_loader;
grant select, insert on loader.restore to octopipe_system;
alter table loader.connection add column doubted_at timestamptz, add column doubt_settled_at timestamptz;
alter table loader.batch_progress drop constraint batch_progress_state_check;
alter table loader.batch_progress add constraint batch_progress_state_check
  check (state in ('in_doubt','pending','leased','settling','done'));
`;

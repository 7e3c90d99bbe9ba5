import { type Kysely, sql } from 'kysely';

/** What each service says of its routes when it starts: the reporter shows them as one document. Holds nothing of a tenant. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
create table core.api_part (
  service text primary key,
  part jsonb not null,
  published_at timestamptz not null default now()
);
grant select, insert, update on core.api_part to octopipe_system;
`)
    .execute(db);
}

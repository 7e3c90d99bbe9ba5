import { type Kysely, sql } from 'kysely';

/**
 * The Pipedrive companies in which records of purged tenants stand: whoever loads into one without knowing them writes each
 * a second time. Kept is a hash of the company's key, which is the id of an account and of no person (docs/decisions/0032).
 * A connection that took such records over (an operator said so) is noted, with the key of the operator.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(leftCompanies).execute(db);
}

const leftCompanies = `
create table loader.left_company (
  company_hash text primary key,
  -- The latest purge: who took the records over before it knows nothing of those that it left.
  left_at timestamptz not null default now()
);
alter table loader.connection add column took_over_at timestamptz, add column took_over_by uuid,
  add check ((took_over_at is null) = (took_over_by is null));
grant select, insert, update on loader.left_company to octopipe_loader;
grant select on loader.left_company to octopipe_system;
grant select (took_over_at) on loader.connection to octopipe_system;
`;

import { type Kysely, sql } from 'kysely';
import { SetupError } from '../core/errors.js';

/**
 * Makes the roles of the services where they are missing, and the login a member of each. Roles belong to the server and
 * memberships to the login, so no dump of a database holds them: on a fresh server the tables may be there, restored,
 * and migration 0001 noted as done, without them.
 */
export async function ensureRoles(db: Kysely<unknown>): Promise<void> {
  await db.transaction().execute((tx) => missingRoles.execute(tx));
}

// Several databases of a server may do so at the same moment. A login that is a member already need not be allowed to grant.
const missingRoles = sql`
do $$
declare
  r text;
  to_act_as text := case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end;
begin
  perform pg_advisory_xact_lock(7265001);
  foreach r in array array['octopipe_ingest','octopipe_transform','octopipe_loader','octopipe_reporter','octopipe_system'] loop
    if not exists (select from pg_roles where rolname = r) then
      begin
        execute format('create role %I nologin', r);
      exception when duplicate_object or unique_violation then null;
      end;
    end if;
    if not pg_has_role(current_user, r, to_act_as) then
      begin
        execute format('grant %I to current_user', r);
      exception when unique_violation then null;
      end;
    end if;
  end loop;
end $$;
`;

/**
 * Throws when there are tables and a role has no rights in them: they were restored while it did not exist, and then its
 * grants and policies were left out with an error each, which psql and pg_restore go past.
 */
export async function assertRolesHaveRights(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ role: string }>`
    select rolname as role from pg_roles
    where rolname in ('octopipe_ingest','octopipe_transform','octopipe_loader','octopipe_reporter','octopipe_system')
      and not has_schema_privilege(rolname, to_regnamespace('core'), 'usage')
    order by rolname`.execute(db);
  if (rows.length > 0)
    throw new SetupError(
      `The tables give no rights to ${rows.map(({ role }) => role).join(', ')}: they were restored before these roles existed. They do now: restore the backup once more, into an empty database.`,
    );
}

import { CamelCasePlugin, Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import pg from 'pg';
import { TenantGone } from '../core/errors.js';
import { hearErrors } from '../core/hear-errors.js';
import type { DB } from './types.js';

export type Database = Kysely<DB>;
export type Tx = Transaction<DB>;
export type { DB } from './types.js';

/** The NOLOGIN roles of migration 0001: one per service, and `system` for the cross-tenant dispatch and sweep. */
export type ServiceRole = 'ingest' | 'transform' | 'loader' | 'reporter' | 'system';

/** Money and big integers stay strings: nothing is rounded on the way in (pg's default for int8 and numeric). Dates stay 'YYYY-MM-DD'. */
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);

export interface DatabaseHandle {
  db: Database;
  pool: pg.Pool;
  destroy(): Promise<void>;
}

/** Opens the pool of one process. `onError` hears of idle connections that drop; without it a database restart would end the process. */
export function openDatabase(
  url: string,
  options: { max: number; onError: (error: Error) => void; applicationName: string },
): DatabaseHandle {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max,
    application_name: options.applicationName,
    keepAlive: true,
    // A server that does not answer at all must not hold a request for ever.
    connectionTimeoutMillis: 15_000,
  });
  pool.on('error', options.onError);
  hearErrors(pool);
  const db = new Kysely<DB>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
  return {
    db,
    pool,
    async destroy() {
      await db.destroy();
      // Kysely ends the pool only when it has used it; COPY uses it alone.
      if (!pool.ended) await pool.end();
    },
  };
}

/** Who a transaction acts as. `tenantId` is required: there is no "all tenants" for a service role. */
export interface Scope {
  role: Exclude<ServiceRole, 'system'>;
  tenantId: string;
}

/**
 * The only way to a tenant's rows: one transaction under the service's role with the tenant set for row-level
 * security. Both end with the transaction, so a pooled connection can never carry them over. Throws TenantGone from the
 * moment a tenant is being purged: whatever was begun for it before ends here.
 */
export function inTransaction<T>(db: Database, scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
  return inTenantTransaction(db, scope, async (tx, mark) => {
    if (mark === 'purged') throw new TenantGone();
    return work(tx);
  });
}

/** The purge's own way in, and nobody else's: the same for a tenant that is being purged, and only for such a one. */
export function inPurgeTransaction<T>(db: Database, scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
  return inTenantTransaction(db, scope, async (tx, mark) => {
    if (mark === 'absent') throw new TenantGone();
    if (mark === 'none') throw new Error('this tenant is not being purged');
    return work(tx);
  });
}

function inTenantTransaction<T>(
  db: Database,
  scope: Scope,
  work: (tx: Tx, mark: 'purged' | 'none' | 'absent') => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ purged: boolean | null }>`
      select set_config('role', ${`octopipe_${scope.role}`}, true), set_config('app.tenant', ${scope.tenantId}, true),
        (select purge_id is not null from core.tenant where id = ${scope.tenantId}::uuid) as purged`.execute(
      tx,
    );
    const purged = rows[0]?.purged ?? null;
    return work(tx, purged === null ? 'absent' : purged ? 'purged' : 'none');
  });
}

/** Cross-tenant work of the dispatcher and the sweeps: may read queue-state tables only, never payloads. */
export function inSystemTransaction<T>(db: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`select set_config('role', 'octopipe_system', true)`.execute(tx);
    return work(tx);
  });
}

/**
 * A question to the tables of all tenants from within a tenant's transaction that holds a lock. A transaction of its own would
 * need a second connection, and all of the pool may be held by those who wait for that lock. When `work` throws, the
 * transaction has to end: it is not the service's any more.
 */
export async function asSystem<T>(tx: Tx, role: Scope['role'], work: () => Promise<T>): Promise<T> {
  await sql`select set_config('role', 'octopipe_system', true)`.execute(tx);
  const answer = await work();
  await sql`select set_config('role', ${`octopipe_${role}`}, true)`.execute(tx);
  return answer;
}

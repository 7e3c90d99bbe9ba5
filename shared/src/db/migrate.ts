import { runMigrations } from 'bullmq';
import { Kysely, type Migration, Migrator, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { SetupError } from '../core/errors.js';
import { hearErrors } from '../core/hear-errors.js';
import * as spine from './migrations/20261122-0001-spine.js';
import * as beforeImage from './migrations/20261125-0003-before-image.js';
import * as webhooks from './migrations/20261125-0010-webhooks.js';
import * as lineParent from './migrations/20261125-0012-line-parent.js';
import * as edge from './migrations/20261125-0020-edge.js';
import * as apiPart from './migrations/20261125-0021-api-part.js';
import * as movement from './migrations/20261125-0040-movement.js';
import * as refPartitions from './migrations/20261125-0060-ref-partitions.js';
import * as matching from './migrations/20261125-0070-matching.js';
import * as labelItems from './migrations/20261125-0072-label-items.js';
import * as poison from './migrations/20261125-0080-poison.js';
import * as rollback from './migrations/20261125-0090-rollback.js';
import * as sourceAlias from './migrations/20261126-0100-source-alias.js';
import * as purge from './migrations/20261130-0095-purge.js';
import * as statusSince from './migrations/20261130-0110-status-since.js';
import * as orderedSettings from './migrations/20261130-0120-ordered-settings.js';
import * as answerKeyId from './migrations/20261130-0130-answer-key-id.js';
import * as doubt from './migrations/20261130-0140-doubt.js';
import * as ownerSent from './migrations/20261130-0160-owner-sent.js';
import * as retiresAt from './migrations/20261130-0180-retires-at.js';
import * as releases from './migrations/20261130-0190-releases.js';
import * as leftCompanies from './migrations/20261130-0200-left-companies.js';
import * as callPurposes from './migrations/20261130-0210-call-purposes.js';
import * as lateImage from './migrations/20261130-0230-late-image.js';
import * as patched from './migrations/20261130-0232-patched.js';
import * as unanswered from './migrations/20261130-0238-unanswered.js';
import * as openPatch from './migrations/20261130-0240-open-patch.js';
import { assertRolesHaveRights, ensureRoles } from './roles.js';

/** Forward only, in this order; the name is the identity of a migration and never changes after merge. */
export const migrations: Record<string, Migration> = {
  '20261122-0001-spine': spine,
  '20261125-0003-before-image': beforeImage,
  '20261125-0010-webhooks': webhooks,
  '20261125-0012-line-parent': lineParent,
  '20261125-0020-edge': edge,
  '20261125-0021-api-part': apiPart,
  '20261125-0040-movement': movement,
  '20261125-0060-ref-partitions': refPartitions,
  '20261125-0070-matching': matching,
  '20261125-0072-label-items': labelItems,
  '20261125-0080-poison': poison,
  '20261125-0090-rollback': rollback,
  '20261126-0100-source-alias': sourceAlias,
  '20261130-0095-purge': purge,
  '20261130-0110-status-since': statusSince,
  '20261130-0120-ordered-settings': orderedSettings,
  '20261130-0130-answer-key-id': answerKeyId,
  '20261130-0140-doubt': doubt,
  '20261130-0160-owner-sent': ownerSent,
  '20261130-0180-retires-at': retiresAt,
  '20261130-0190-releases': releases,
  '20261130-0200-left-companies': leftCompanies,
  '20261130-0210-call-purposes': callPurposes,
  '20261130-0230-late-image': lateImage,
  '20261130-0232-patched': patched,
  '20261130-0238-unanswered': unanswered,
  '20261130-0240-open-patch': openPatch,
};

export const latestMigration = Object.keys(migrations).at(-1) ?? '';

/**
 * Numbers the next event by the clock (milliseconds, below 2^53 for long), where the numbers are behind it. A database that was
 * restored would else give again the numbers of events that its backup does not know; receivers of webhooks put messages in
 * order by them, and readers of a run's events go on behind them. Nobody has to know that it was restored: the migrate step is
 * before the services in each restore, and everywhere else a gap harms nothing.
 */
const numberEventsByClock = sql`
  select setval('core.event_id_seq', clock.ms)
  from core.event_id_seq, (select (extract(epoch from now()) * 1000)::bigint as ms) as clock
  where last_value < clock.ms`;

/**
 * Brings the database at `url` to the schema this build knows, including the roles on its server and the queue's own
 * schema (`bullmq`). Of a database whose restore was not whole it says so, before it changes it.
 * Safe to call from several processes at once (each migrator takes an advisory lock). Run once before services start.
 */
export async function migrateToLatestOrThrow(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  hearErrors(pool);
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    await ensureRoles(db);
    await assertRolesHaveRights(db);
    const migrator = new Migrator({
      db,
      provider: { getMigrations: async () => migrations },
      migrationTableName: 'octopipe_migration',
      migrationLockTableName: 'octopipe_migration_lock',
    });
    const { error } = await migrator.migrateToLatest();
    if (error) throw error;
    await numberEventsByClock.execute(db);
    const client = await pool.connect();
    try {
      await runMigrations(client, 'bullmq');
    } finally {
      client.release();
    }
  } finally {
    await db.destroy();
  }
}

/** The migrate step has not run yet, or not to its end: it will. */
export class SchemaIsOlder extends SetupError {}

const undefinedTable = '42P01';

/** Throws unless the database has exactly the schema this build knows; services call it before they start. */
export async function assertSchemaIsCurrent(db: Kysely<never> | Kysely<unknown>): Promise<void> {
  const found = await (db as Kysely<{ octopipe_migration: { name: string } }>)
    .selectFrom('octopipe_migration')
    .select('name')
    .execute()
    .catch((error: unknown) => {
      if ((error as { code?: string }).code !== undefinedTable) throw error;
      throw new SchemaIsOlder(
        'The database has no octopipe schema yet; run the migrate step (npm start does it) before the services.',
      );
    });
  const names = found.map((row) => row.name).sort();
  const known = Object.keys(migrations).sort();
  const missing = known.filter((name) => !names.includes(name));
  const foreign = names.filter((name) => !known.includes(name));
  if (missing.length > 0)
    throw new SchemaIsOlder(
      `The database schema is older than this build (missing ${missing.join(', ')}); run the migrate step first.`,
    );
  if (foreign.length > 0)
    throw new SetupError(
      `The database schema is newer than this build (unknown ${foreign.join(', ')}); deploy the newer build.`,
    );
}

import type { Tx } from '@octopipe/shared/db/index';
import { loadKinds, type StageFacts, stageOf } from '@octopipe/shared/domain/run/states';
import type { Tenant } from '@octopipe/shared/tenancy/tenant';

export interface MigrationRow {
  id: string;
  reference: string;
  name: string;
  settings: unknown;
  createdAt: Date;
}

export async function viewMigration(tx: Tx, tenant: Tenant, migration: MigrationRow) {
  const [view] = await viewMigrations(tx, tenant, [migration]);
  if (view === undefined) throw new Error('one migration in, none out');
  return view;
}

/** Migrations as the API shows them; each one's stage follows from its latest export, mapping and run. */
export async function viewMigrations(tx: Tx, tenant: Tenant, migrations: ReadonlyArray<MigrationRow>) {
  if (migrations.length === 0) return [];
  const ids = migrations.map((migration) => migration.id);
  const [exports, mappings, runs] = await Promise.all([
    tx
      .selectFrom('ingest.export')
      .select(['id', 'migrationId', 'state'])
      .where('tenantId', '=', tenant.id)
      .where('migrationId', 'in', ids)
      .orderBy('createdAt')
      .execute(),
    tx
      .selectFrom('transform.mappingVersion')
      .select(['migrationId', 'state'])
      .where('tenantId', '=', tenant.id)
      .where('migrationId', 'in', ids)
      .where('state', '<>', 'superseded')
      .execute(),
    tx
      .selectFrom('loader.run')
      .select(['migrationId', 'status', 'phase'])
      .where('tenantId', '=', tenant.id)
      .where('migrationId', 'in', ids)
      .where('kind', 'in', [...loadKinds])
      .orderBy('createdAt')
      .execute(),
  ]);
  return migrations.map((migration) => {
    const own = exports.filter((row) => row.migrationId === migration.id);
    const states = mappings.filter((row) => row.migrationId === migration.id).map((row) => row.state);
    const run = runs.filter((row) => row.migrationId === migration.id).at(-1);
    return {
      id: migration.id,
      tenant: tenant.slug,
      reference: migration.reference,
      name: migration.name,
      settings: migration.settings,
      stage: stageOf({
        cancelled: false,
        exportState: (own.at(-1)?.state ?? 'none') as StageFacts['exportState'],
        mappingState: states.includes('confirmed') ? 'confirmed' : states.length > 0 ? 'proposed' : 'none',
        lastRun: run ? ({ status: run.status, phase: run.phase } as StageFacts['lastRun']) : null,
      }),
      exports: own.map(({ id, state }) => ({ id, state })),
      created_at: migration.createdAt.toISOString(),
    };
  });
}

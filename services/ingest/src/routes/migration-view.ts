import type { Tx } from '@octopipe/shared/db/index';
import { loadKinds, type RunStatus, type StageFacts, stageOf } from '@octopipe/shared/domain/run/states';
import { isWrite } from '@octopipe/shared/pipedrive/costs';
import { operationNames } from '@octopipe/shared/pipedrive/facts/index';
import type { Tenant } from '@octopipe/shared/tenancy/tenant';

const writing = operationNames.filter(isWrite);

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

/** Migrations as the API shows them; each one's stage follows from its latest export and mapping, and its loads. */
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
      .select((mapping) =>
        mapping
          .exists(
            mapping
              .selectFrom('loader.run as rehearsal')
              .select('rehearsal.id')
              .whereRef('rehearsal.mappingVersionId', '=', 'transform.mappingVersion.id')
              .where('rehearsal.kind', '=', 'dry_run')
              .where('rehearsal.status', '=', 'done'),
          )
          .as('isRehearsed'),
      )
      .where('tenantId', '=', tenant.id)
      .where('migrationId', 'in', ids)
      .where('state', '<>', 'superseded')
      .execute(),
    tx
      .selectFrom('loader.run')
      .select(['migrationId', 'status'])
      .select((run) =>
        run
          .exists(
            run
              .selectFrom('loader.tokenUse as use')
              .select('use.runId')
              .whereRef('use.runId', '=', 'loader.run.id')
              .where('use.operation', 'in', writing),
          )
          .as('wrote'),
      )
      .where('tenantId', '=', tenant.id)
      .where('migrationId', 'in', ids)
      .where('kind', 'in', [...loadKinds])
      .orderBy('createdAt')
      .execute(),
  ]);
  return migrations.map((migration) => {
    const own = exports.filter((row) => row.migrationId === migration.id);
    const versions = mappings.filter((row) => row.migrationId === migration.id);
    const loads = runs.filter((row) => row.migrationId === migration.id);
    return {
      id: migration.id,
      tenant: tenant.slug,
      reference: migration.reference,
      name: migration.name,
      settings: migration.settings,
      stage: stageOf({
        cancelled: false,
        exportState: (own.at(-1)?.state ?? 'none') as StageFacts['exportState'],
        mappingState: mappingStateOf(versions),
        loads: loads.map(({ status, wrote }) => ({ status: status as RunStatus, wrote: Boolean(wrote) })),
      }),
      exports: own.map(({ id, state }) => ({ id, state })),
      created_at: migration.createdAt.toISOString(),
    };
  });
}

/** Of the versions that no later one has superseded; one of them is confirmed at most. */
function mappingStateOf(
  versions: ReadonlyArray<{ state: string; isRehearsed: unknown }>,
): StageFacts['mappingState'] {
  const confirmed = versions.find(({ state }) => state === 'confirmed');
  if (confirmed) return confirmed.isRehearsed ? 'rehearsed' : 'confirmed';
  return versions.length > 0 ? 'proposed' : 'none';
}

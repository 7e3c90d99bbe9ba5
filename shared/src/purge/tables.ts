import type { serviceNames } from '../queue/catalog.js';

/** The services in the order in which they empty their tables: whoever refers to rows of another comes before it. */
export const purgeSteps = ['reporter', 'loader', 'transform', 'ingest'] as const satisfies ReadonlyArray<
  (typeof serviceNames)[number]
>;
export type PurgeStep = (typeof purgeSteps)[number];

export interface PurgedTable {
  name: string;
  /**
   * What an index finds the tenant's rows by: the column, and the table of the tenant whose ids it holds. Without it
   * tenant_id is indexed, or the table is small. A slice that scans a table of millions for every 5,000 rows never ends.
   */
  by?: readonly [column: string, parent: string];
  /** Refers to itself: its rows go in one statement, however many. */
  inOneGo?: true;
}

const ofRun = ['run_id', 'loader.run'] as const;
const ofConnection = ['connection_id', 'loader.connection'] as const;
const ofSet = ['set_id', 'transform.mapped_set'] as const;
const ofExport = ['export_id', 'ingest.export'] as const;
const ofMigration = ['migration_id', 'ingest.migration'] as const;

/**
 * Every table that holds a tenant's rows, children first; purge.integration.test.ts holds the list to the catalogue of
 * Postgres, its order to the foreign keys. Beyond these: an export's own tables (staging/partition.ts), the budgets of
 * companies that nobody else is connected to, and at the end the tenant with its keys.
 */
export const purgedTables: Record<PurgeStep, ReadonlyArray<PurgedTable>> = {
  reporter: [{ name: 'reporter.document', by: ofRun }],
  loader: [
    { name: 'loader.difference', by: ofRun },
    { name: 'loader.verification', by: ofRun },
    { name: 'loader.rollback_item', by: ofRun },
    { name: 'loader.record_outcome', by: ofRun },
    { name: 'loader.batch_progress', by: ofRun },
    { name: 'loader.run_phase', by: ofRun },
    { name: 'loader.token_use', by: ofRun },
    { name: 'loader.intent', by: ofConnection },
    { name: 'loader.crosswalk', by: ofConnection },
    { name: 'loader.before_image', by: ofConnection },
    { name: 'loader.target_record', by: ofConnection },
    { name: 'loader.record_match', by: ofConnection },
    { name: 'loader.destination_item', by: ofConnection },
    { name: 'loader.owner', by: ofConnection },
    { name: 'loader.run', inOneGo: true },
    { name: 'loader.connection' },
  ],
  transform: [
    { name: 'transform.load_batch', by: ofSet },
    { name: 'transform.source_link', by: ofSet },
    { name: 'transform.source_alias', by: ofSet },
    { name: 'transform.source_outcome', by: ofSet },
    { name: 'transform.mapped_record', by: ofSet },
    { name: 'transform.mapped_set', by: ofExport },
    { name: 'transform.mapping_version', by: ofMigration },
  ],
  ingest: [
    { name: 'ingest.webhook_delivery', by: ['webhook_id', 'ingest.webhook'] },
    { name: 'ingest.webhook' },
    { name: 'ingest.row_verdict', by: ofExport },
    { name: 'ingest.field_profile', by: ofExport },
    { name: 'ingest.export_file', by: ofExport },
    { name: 'ingest.export', by: ofMigration },
    { name: 'ingest.announced_stage', by: ofMigration },
    { name: 'ingest.migration' },
    { name: 'core.finding' },
    { name: 'core.outbox' },
    { name: 'core.event' },
    { name: 'core.idempotency' },
  ],
};

/** Dropped table by table with their export, by ingest. */
export const droppedTables = ['ingest.staged_row', 'ingest.staged_ref'] as const;
/** They go with the tenant itself, in one transaction: a key without its tenant is nobody's. */
export const endTables = ['core.api_key', 'core.tenant'] as const;

import type { MappingVersion } from '@octopipe/shared/mapped/read-mapped-set';

/** A mapping version as the API shows it. */
export function viewMapping(version: MappingVersion) {
  return {
    id: version.id,
    migration_id: version.migrationId,
    export_id: version.exportId,
    number: version.number,
    state: version.state,
    content_hash: version.contentHash,
    content: version.content,
    confirmed_by: version.confirmedBy,
    confirmed_at: version.confirmedAt?.toISOString() ?? null,
    waived: version.waived,
  };
}

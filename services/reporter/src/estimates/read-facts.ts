import type { Tx } from '@octopipe/shared/db/index';
import {
  countLinesByDeal,
  countRecords,
  findMappedSet,
  type MappingVersion,
} from '@octopipe/shared/mapped/read-mapped-set';
import { listStagedObjects } from '@octopipe/shared/staging/read-staged';
import type { EstimateInput } from './estimate.js';

export type ExportFacts = Pick<
  EstimateInput,
  'rows' | 'customFields' | 'statuses' | 'planned' | 'linesByDeal' | 'schema'
>;

/** What a staged export says of itself: its rows, under a mapping what that wants, and mapped its records. */
export async function readExportFacts(
  tx: Tx,
  tenantId: string,
  exportId: string,
  mapping: Pick<MappingVersion, 'id' | 'content'> | undefined,
): Promise<ExportFacts> {
  const staged = await listStagedObjects(tx, tenantId, exportId);
  const rows = Object.fromEntries(staged.map(({ object, rows: count }) => [object, count]));
  const set = mapping && (await findMappedSet(tx, tenantId, exportId, mapping.id));
  return {
    rows,
    customFields: rows.custom_field ?? 0,
    statuses: rows.booking_status ?? 0,
    schema: mapping?.content.schema,
    ...(set?.state === 'mapped' ? await mappedFacts(tx, tenantId, set.id) : {}),
  };
}

async function mappedFacts(tx: Tx, tenantId: string, setId: string) {
  const counts = await countRecords(tx, tenantId, setId);
  const planned = Object.fromEntries(counts.map(({ entity, count }) => [entity, count]));
  return {
    planned,
    linesByDeal: (planned.line ?? 0) > 0 ? await countLinesByDeal(tx, tenantId, setId) : [],
  };
}

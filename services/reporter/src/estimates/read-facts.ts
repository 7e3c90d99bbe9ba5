import type { Tx } from '@octopipe/shared/db/index';
import { endedStatuses } from '@octopipe/shared/domain/run/states';
import {
  countLinesByDeal,
  countRecords,
  findMappedSet,
  type MappingVersion,
} from '@octopipe/shared/mapped/read-mapped-set';
import { type CallPurpose, schemaCalls } from '@octopipe/shared/pipedrive/planned-calls';
import { entityCounts, matchCounts, phasesOf, type Run } from '@octopipe/shared/run/read-run';
import { itemsMade, notedCalls, unsentRecords, verifiedPages } from '@octopipe/shared/run/read-token-facts';
import { listStagedObjects } from '@octopipe/shared/staging/read-staged';
import type { EstimateInput } from './estimate.js';
import type { ReasonFacts, RecordFacts } from './token-reasons.js';

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

/** What a load has noted of itself, as far as it explains why it spent other than it had planned. */
export async function readReasonFacts(tx: Tx, tenantId: string, run: Run): Promise<ReasonFacts> {
  const phases = await phasesOf(tx, tenantId, run.id);
  const isProvisioned = phases.some(({ phase, state }) => phase === 'provision' && state === 'done');
  const matched = await matchCounts(tx, tenantId, run);
  const pages = await verifiedPages(tx, tenantId, run.id);
  return {
    ended: endedStatuses.includes(run.status),
    matched: Object.fromEntries(matched.map((row) => [row.entity, row.matched])),
    noted: await readNoted(tx, tenantId, run.id),
    records: await readRecordFacts(tx, tenantId, run),
    pages: Object.fromEntries(pages.map((row) => [row.entity, row.pages])),
    made: isProvisioned ? schemaCalls(await itemsMade(tx, tenantId, run.id), false) : undefined,
  };
}

async function readNoted(tx: Tx, tenantId: string, runId: string): Promise<ReasonFacts['noted']> {
  const noted: Record<string, Partial<Record<CallPurpose, number>>> = {};
  for (const { operation, purpose, calls } of await notedCalls(tx, tenantId, runId))
    noted[operation] = { ...noted[operation], [purpose]: calls };
  return noted;
}

async function readRecordFacts(tx: Tx, tenantId: string, run: Run): Promise<ReasonFacts['records']> {
  const counts = await entityCounts(tx, tenantId, run.id);
  const unsent = new Map((await unsentRecords(tx, tenantId, run)).map((row) => [row.entity, row]));
  return Object.fromEntries(
    counts.map(({ entity, failed, waiting, unchanged }): [string, RecordFacts] => {
      const { found = 0, adopted = 0 } = unsent.get(entity) ?? {};
      return [entity, { unwritten: failed + waiting, unchanged, found, adopted }];
    }),
  );
}

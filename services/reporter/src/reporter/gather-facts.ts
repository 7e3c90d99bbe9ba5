import type { Tx } from '@octopipe/shared/db/index';
import { keptApart, type MappingContent } from '@octopipe/shared/domain/mapping/content';
import { lossesOfSharedTypes } from '@octopipe/shared/domain/mapping/shared-activity-types';
import {
  getMappingVersion,
  listAliases,
  type MappingVersion,
  outcomeCounts,
  type SourceAlias,
} from '@octopipe/shared/mapped/read-mapped-set';
import {
  connectionOf,
  differenceCounts,
  entityCounts,
  matchCounts,
  phasesOf,
  type Run,
  type RunConnection,
  type RunPhase,
  sharedActivityTypes,
  type TokenUse,
  tokenUse,
  unknownOutcomes,
  type Verification,
  verificationOf,
  type Waiver,
} from '@octopipe/shared/run/read-run';
import { getExport, getMigration, listCountedObjects } from '@octopipe/shared/staging/read-staged';
import { type DealTotal, dealTotals, type PaymentTotal, paymentTotals } from './money-totals.js';
import { type FindingCount, findingCounts, unreadFiles } from './read-sources.js';
import { type Reconciliation, reconcile } from './reconcile.js';

/** Everything the documents say, except the long lists, which are streamed. */
export interface ReportFacts {
  run: Run;
  migration: { id: string; name: string; reference: string };
  exported: { sha256: string; bytes: number };
  connection: RunConnection;
  /** What cannot be carried over in full: by the mapping, and because of this account. */
  lossy: MappingContent['lossy'];
  mapping: {
    number: number;
    contentHash: string;
    confirmedBy: string | null;
    confirmedAt: Date | null;
    content: MappingContent;
  };
  reconciliation: Reconciliation;
  verification: Verification[];
  /** Records of ours for which one stood in the account already. */
  matches: Awaited<ReturnType<typeof matchCounts>>;
  deals: DealTotal[];
  payments: PaymentTotal[];
  findings: FindingCount[];
  tokens: {
    /** Null when the run ended before it was planned. */
    planned: number | null;
    floor: number | null;
    spent: number;
    plannedBy: Record<string, number>;
    use: TokenUse[];
  };
  /** Customers that were merged, by a person or in OctopusPro, by the id that is gone. */
  merged: SourceAlias[];
  waivers: Waiver[];
  phases: RunPhase[];
  durationMs: number;
}

/** As in POST /v1/runs. */
const mappingGate = 'mapping_confirmation';
const duplicatesGate = 'duplicate_customers';

type MappingConfirmation = Pick<MappingVersion, 'waived' | 'confirmedBy' | 'confirmedAt' | 'content'>;

/** Every gate of the run that a person let pass unchecked. */
export async function waiversOfRun(tx: Tx, tenantId: string, run: Run): Promise<Waiver[]> {
  return allWaivers(run, await getMappingVersion(tx, tenantId, run.mappingVersionId));
}

/** A mapping that was proposed when the account had refused before says so itself. */
async function lossesOf(
  tx: Tx,
  tenantId: string,
  run: Run,
  { lossy, schema }: MappingContent,
): Promise<MappingContent['lossy']> {
  const ofAccount = lossesOfSharedTypes(schema, await sharedActivityTypes(tx, tenantId, run.connectionId));
  return [...lossy, ...ofAccount.filter(({ says }) => !lossy.some((known) => known.says === says))];
}

export async function gatherFacts(tx: Tx, tenantId: string, run: Run): Promise<ReportFacts> {
  const mapping = await getMappingVersion(tx, tenantId, run.mappingVersionId);
  const migration = await getMigration(tx, tenantId, run.migrationId);
  const exported = await getExport(tx, tenantId, run.exportId);
  const verification = await verificationOf(tx, tenantId, run.id);
  const use = await tokenUse(tx, tenantId, run.id);
  const { currency } = mapping.content.settings;
  const deals = await dealTotals(tx, tenantId, run, currency);
  const payments = await paymentTotals(tx, tenantId, run, currency);
  const reconciliation = reconcile({
    status: run.status,
    reason: run.reason,
    stagedRows: await listCountedObjects(tx, tenantId, run.exportId),
    unreadFiles: await unreadFiles(tx, tenantId, run.exportId),
    outcomes: run.setId === null ? [] : await outcomeCounts(tx, tenantId, run.setId),
    entities: await entityCounts(tx, tenantId, run.id),
    unknownOutcomes: await unknownOutcomes(tx, tenantId, run),
    verification,
    differences: await differenceCounts(tx, tenantId, run.id),
    unequalSums: [
      ...deals.filter(({ equal }) => !equal).map((row) => `${row.status} deals in ${row.currency}`),
      ...payments.filter(({ equal }) => !equal).map((row) => `${row.object}s`),
    ],
  });
  return {
    run,
    migration: { id: migration.id, name: migration.name, reference: migration.reference },
    exported: { sha256: exported.sha256, bytes: Number(exported.bytes) },
    connection: await connectionOf(tx, tenantId, run),
    lossy: await lossesOf(tx, tenantId, run, mapping.content),
    mapping,
    reconciliation,
    verification,
    matches: await matchCounts(tx, tenantId, run),
    deals,
    payments,
    findings: await findingCounts(tx, tenantId, run),
    merged: run.setId === null ? [] : await listAliases(tx, tenantId, run.setId),
    tokens: {
      planned: run.plan.tokens?.planned ?? null,
      floor: run.plan.tokens?.floor ?? null,
      spent: use.reduce((sum, row) => sum + row.tokens, 0),
      plannedBy: run.plan.tokens?.by_operation ?? {},
      use,
    },
    waivers: allWaivers(run, mapping),
    phases: await phasesOf(tx, tenantId, run.id),
    durationMs: run.startedAt && run.finishedAt ? run.finishedAt.getTime() - run.startedAt.getTime() : 0,
  };
}

/**
 * A mapping confirmed by waiver is a waived gate too, and so is each question in it that nobody has answered, unless the
 * run already lists it.
 */
function allWaivers(run: Run, mapping: MappingConfirmation): Waiver[] {
  if (!mapping.waived) return run.waivers;
  const gates = [mappingGate, ...(keptApart(mapping.content).length > 0 ? [duplicatesGate] : [])];
  const unlisted = gates.filter((gate) => !run.waivers.some((waiver) => waiver.gate === gate));
  return [
    ...unlisted.map((gate) => ({
      gate,
      actor: mapping.confirmedBy ?? 'unknown',
      ...(mapping.confirmedAt ? { at: mapping.confirmedAt.toISOString() } : {}),
    })),
    ...run.waivers,
  ];
}

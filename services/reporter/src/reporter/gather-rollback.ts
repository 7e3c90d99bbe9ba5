import type { Tx } from '@octopipe/shared/db/index';
import {
  findSchemaRemoval,
  keptCounts,
  type RollbackCounts,
  type Run,
  rollbackCounts,
  type SchemaRemoval,
} from '@octopipe/shared/run/read-run';
import { gatherRunFacts, type RunFacts } from './gather-run-facts.js';

/** Everything the documents of a rollback say, except the lists of kept and failed records. */
export interface RollbackFacts extends RunFacts {
  entities: RollbackCounts[];
  /** Kept records, and those put back but for some fields, by reason. */
  kept: Record<string, number>;
  schema: SchemaRemoval | undefined;
  /** Whether the records that are not ours say the same as before; null: not compared. */
  othersUnchanged: boolean | null;
  /** planned = deleted + restored + gone + kept + failed, for every entity, nothing waits and nothing failed. */
  balanced: boolean;
}

export async function gatherRollback(tx: Tx, tenantId: string, run: Run): Promise<RollbackFacts> {
  const entities = await rollbackCounts(tx, tenantId, run.id);
  const schema = await findSchemaRemoval(tx, tenantId, run.id);
  const before = run.plan.rollback?.others;
  const kept = await keptCounts(tx, tenantId, run.id);
  return {
    ...(await gatherRunFacts(tx, tenantId, run)),
    entities,
    kept: Object.fromEntries(kept.map(({ reason, records }) => [reason, records])),
    schema,
    othersUnchanged: before && schema ? before.hash === schema.others.hash : null,
    balanced: entities.every((row) => explainedRecords(row) === row.planned && row.failed === 0),
  };
}

/** The right side of a rollback's equation, but for what waits. */
export function explainedRecords(row: RollbackCounts): number {
  return row.deleted + row.restored + row.gone + row.kept + row.failed;
}

/** Why a record was kept, for a reader; a reason of a newer build than ours is shown bare. */
export function keepSentence(reason: string): string {
  return Object.hasOwn(keepSentences, reason) ? (keepSentences[reason] ?? reason) : reason;
}

const keepSentences: Record<string, string> = {
  edited: 'somebody changed it after we wrote it',
  fields_edited: 'put back, but for the fields that somebody changed after we wrote them',
  part_of_kept: 'it is part of a record that was kept',
  kept_hangs_on_it: 'a record that was kept belongs to it',
  others_hang_on_it: "a record of the company's own, a mail or a participant belongs to it",
  never_read_back: 'it was never read back after we wrote it, so nobody can tell whether it was changed',
  unknown_maker: 'there is no proof that we created it',
  not_selected: 'it was not asked to be taken back',
};

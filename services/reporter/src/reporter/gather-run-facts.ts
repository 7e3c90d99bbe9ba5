import type { Tx } from '@octopipe/shared/db/index';
import { getMappingVersion } from '@octopipe/shared/mapped/read-mapped-set';
import {
  connectionOf,
  type Run,
  type RunConnection,
  type TokenUse,
  tokenUse,
} from '@octopipe/shared/run/read-run';
import { getMigration } from '@octopipe/shared/staging/read-staged';

/** What the document of any run says of it; `of` is the load that a rollback or verify run is about. */
export interface RunFacts {
  run: Run;
  migration: { id: string; name: string; reference: string };
  connection: RunConnection;
  timeZone: string;
  tokens: { planned: number | null; spent: number; use: TokenUse[] };
  durationMs: number;
}

export async function gatherRunFacts(tx: Tx, tenantId: string, run: Run): Promise<RunFacts> {
  const migration = await getMigration(tx, tenantId, run.migrationId);
  const mapping = await getMappingVersion(tx, tenantId, run.mappingVersionId);
  const use = await tokenUse(tx, tenantId, run.id);
  return {
    run,
    migration: { id: migration.id, name: migration.name, reference: migration.reference },
    connection: await connectionOf(tx, tenantId, run),
    timeZone: mapping.content.settings.timeZone,
    tokens: {
      planned: run.plan.tokens?.planned ?? null,
      spent: use.reduce((sum, row) => sum + row.tokens, 0),
      use,
    },
    durationMs: run.startedAt && run.finishedAt ? run.finishedAt.getTime() - run.startedAt.getTime() : 0,
  };
}

/** The run as every JSON document shows it. */
export function runJson({ run, migration, connection, tokens, durationMs }: RunFacts) {
  return {
    migration,
    run: {
      id: run.id,
      kind: run.kind,
      of_run_id: run.ofRunId,
      status: run.status,
      reason_code: run.reasonCode,
      reason: run.reason,
      started_at: run.startedAt,
      finished_at: run.finishedAt,
    },
    account: connection.companyDomain,
    tokens,
    duration_ms: durationMs,
  };
}

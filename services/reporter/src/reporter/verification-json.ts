import { Readable } from 'node:stream';
import type { Difference } from '@octopipe/shared/run/read-run';
import { documentNamesOf } from './document-names.js';
import { runJson } from './gather-run-facts.js';
import type { VerificationFacts } from './gather-verification.js';
import { jsonList, openJson } from './json-list.js';

/** The whole report of a verify run for programs: every difference by name, streamed. */
export function verificationJson(facts: VerificationFacts, differences: AsyncIterable<Difference>): Readable {
  return Readable.from(pieces(facts, differences));
}

async function* pieces(
  facts: VerificationFacts,
  differences: AsyncIterable<Difference>,
): AsyncGenerator<string> {
  yield openJson({ ...runJson(facts), ...resultOf(facts) });
  yield* jsonList('differences', differences, (difference) => ({
    entity: difference.entity,
    target_key: difference.targetKey,
    field: difference.field,
    kind: difference.kind,
  }));
  yield '\n}\n';
}

/** `summary.json` of a verify run. */
export function verificationSummary(facts: VerificationFacts) {
  const { run, tokens } = facts;
  return {
    migration_id: run.migrationId,
    run_id: run.id,
    of_run_id: run.ofRunId,
    kind: run.kind,
    status: run.status,
    ...resultOf(facts),
    tokens: {
      spent: tokens.spent,
      by_operation: Object.fromEntries(tokens.use.map((row) => [row.operation, row.tokens])),
    },
    duration_ms: facts.durationMs,
    documents: [...documentNamesOf(run.kind)],
  };
}

function resultOf(facts: VerificationFacts) {
  const byKind: Record<string, number> = {};
  for (const row of facts.differences) byKind[row.kind] = (byKind[row.kind] ?? 0) + row.differences;
  return {
    verified: facts.totals,
    by_kind: byKind,
    by_entity: Object.fromEntries(
      facts.verification.map(({ entity, records, fields, differences }) => [
        entity,
        { records, fields, differences },
      ]),
    ),
    cost_share: facts.costShare,
  };
}

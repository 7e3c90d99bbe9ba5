import { certificateDocuments, documentNamesOf } from './document-names.js';
import type { ReportFacts } from './gather-facts.js';
import { wroteNothing } from './zero-write-certificate.js';

/** `summary.json`: the shape that the API, the CLI and the customer's scripts rely on. Same facts, same bytes. */
export function summaryOf(facts: ReportFacts) {
  const { run, reconciliation, tokens } = facts;
  return {
    migration_id: run.migrationId,
    run_id: run.id,
    status: run.status,
    source: reconciliation.source,
    target: reconciliation.target,
    balanced: reconciliation.balanced,
    verified: reconciliation.verified,
    findings: Object.fromEntries(facts.findings.map(({ code, count }) => [code, count])),
    tokens: {
      planned: tokens.planned,
      spent: tokens.spent,
      floor: tokens.floor,
      /** Spent, per operation: what was planned per operation stands in reconciliation.json. */
      by_operation: Object.fromEntries(tokens.use.map((row) => [row.operation, row.tokens])),
    },
    waivers: facts.waivers,
    duration_ms: facts.durationMs,
    documents: [...(wroteNothing(facts) ? certificateDocuments : []), ...documentNamesOf(run.kind)],
  };
}

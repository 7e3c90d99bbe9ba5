import { Readable } from 'node:stream';
import { type FindingCode, findingRules } from '@octopipe/shared/domain/findings';
import type { Difference, FailedRecord, RecordMatch } from '@octopipe/shared/run/read-run';
import type { ReportFacts } from './gather-facts.js';
import { jsonList, openJson } from './json-list.js';
import type { RejectedRow } from './read-sources.js';
import { explainedRecords, explainedRows } from './reconcile.js';

/** The lists that grow with the data. Each may be read once. */
export interface LongLists {
  rejected(): AsyncIterable<RejectedRow>;
  failed(): AsyncIterable<FailedRecord>;
  differences(): AsyncIterable<Difference>;
  matches(): AsyncIterable<RecordMatch>;
}

/** Hashes of the files that this report speaks of. */
export type DocumentHashes = ReadonlyArray<{ name: string; bytes: number; sha256: string }>;

/** The whole report for programs: complete lists, streamed, so that a bad export does not cost memory. */
export function reconciliationJson(facts: ReportFacts, lists: LongLists, hashes: DocumentHashes): Readable {
  return Readable.from(pieces(facts, lists, hashes));
}

/** What a code means, for a reader; a code of a newer build than ours is shown bare. */
export function sentenceOf(code: string): string {
  return Object.hasOwn(findingRules, code) ? findingRules[code as FindingCode].says : '';
}

async function* pieces(facts: ReportFacts, lists: LongLists, hashes: DocumentHashes): AsyncGenerator<string> {
  yield openJson(headOf(facts, hashes));
  yield* jsonList('rejected_rows', lists.rejected(), (row) => ({
    object: row.object,
    source_id: row.sourceId,
    file: row.file,
    file_row: row.fileRow,
    code: row.code,
    says: sentenceOf(row.code),
  }));
  yield* jsonList('failed_records', lists.failed(), (record) => ({
    entity: record.entity,
    target_key: record.targetKey,
    code: record.code,
    detail: record.detail,
  }));
  yield* jsonList('differences', lists.differences(), (difference) => ({
    entity: difference.entity,
    target_key: difference.targetKey,
    field: difference.field,
    kind: difference.kind,
  }));
  yield* jsonList('matches', lists.matches(), (match) => ({
    entity: match.entity,
    target_key: match.targetKey,
    reason: match.reason,
    candidates: match.candidates.map(({ id, by }) => ({ target_id: id, agrees_in: by })),
    decision: match.decision,
    target_id: match.targetId,
    decided_by: match.decidedBy,
  }));
  yield '\n}\n';
}

function headOf(facts: ReportFacts, hashes: DocumentHashes) {
  const { run, reconciliation, mapping } = facts;
  return {
    migration: facts.migration,
    run: {
      id: run.id,
      kind: run.kind,
      status: run.status,
      reason_code: run.reasonCode,
      reason: run.reason,
      started_at: run.startedAt,
      finished_at: run.finishedAt,
      time_zone: mapping.content.settings.timeZone,
    },
    account: facts.connection.companyDomain,
    verdict: reconciliation.verdict,
    balanced: reconciliation.balanced,
    points: reconciliation.points,
    waivers: facts.waivers,
    source: Object.entries(reconciliation.source).map(([object, counts]) => ({
      object,
      ...counts,
      explained: explainedRows(counts),
      holds: counts.rows === explainedRows(counts),
    })),
    merged_customers: facts.merged.map(({ sourceId, survivingId }) => ({
      source_id: sourceId,
      into: survivingId,
    })),
    target: Object.entries(reconciliation.target).map(([entity, counts]) => ({
      entity,
      ...counts,
      explained: explainedRecords(counts),
      holds: counts.planned === explainedRecords(counts) && counts.waiting === 0,
    })),
    unknown_outcomes: reconciliation.unknownOutcomes,
    verification: facts.verification.map((row) => ({
      entity: row.entity,
      records: row.records,
      fields: row.fields,
      differences: row.differences,
      finished_at: row.finishedAt,
    })),
    deal_values: facts.deals.map((row) => ({
      currency: row.currency,
      status: row.status,
      planned_deals: row.plannedDeals,
      planned: row.planned,
      read_deals: row.readDeals,
      read: row.read,
      equal: row.equal,
    })),
    payments: facts.payments.map((row) => ({
      object: row.object,
      currency: mapping.content.settings.currency,
      rows: row.rows,
      stated: row.stated,
      activities: row.activities,
      read: row.read,
      unreadable: row.unreadable,
      equal: row.equal,
    })),
    findings: facts.findings.map(({ code, severity, count }) => ({
      code,
      severity,
      count,
      says: sentenceOf(code),
    })),
    tokens: {
      planned: facts.tokens.planned,
      spent: facts.tokens.spent,
      floor: facts.tokens.floor,
      planned_by_operation: facts.tokens.plannedBy,
      use: facts.tokens.use,
    },
    lossy: facts.lossy,
    settings: mapping.content.settings,
    hashes: {
      export: facts.exported.sha256,
      mapping: mapping.contentHash,
      documents: hashes,
    },
    duration_ms: facts.durationMs,
  };
}

import { Readable } from 'node:stream';
import type { FailedRecord, KeptRecord } from '@octopipe/shared/run/read-run';
import { documentNamesOf } from './document-names.js';
import { keepSentence, type RollbackFacts } from './gather-rollback.js';
import { runJson } from './gather-run-facts.js';
import { jsonList, openJson } from './json-list.js';

/** The lists that grow with the data. Each may be read once. */
export interface RollbackLists {
  kept(): AsyncIterable<KeptRecord>;
  failed(): AsyncIterable<FailedRecord>;
}

/** The whole report for programs: complete lists, streamed. */
export function rollbackJson(facts: RollbackFacts, lists: RollbackLists): Readable {
  return Readable.from(pieces(facts, lists));
}

async function* pieces(facts: RollbackFacts, lists: RollbackLists): AsyncGenerator<string> {
  yield openJson({ ...runJson(facts), ...resultOf(facts) });
  yield* jsonList('kept_records', lists.kept(), (record) => ({
    entity: record.entity,
    target_key: record.targetKey,
    target_id: record.targetId,
    name: record.label,
    reason: record.reason,
    says: keepSentence(record.reason),
    fields: record.fields,
  }));
  yield* jsonList('failed_records', lists.failed(), (record) => ({
    entity: record.entity,
    target_key: record.targetKey,
    code: record.code,
    detail: record.detail,
  }));
  yield '\n}\n';
}

/** `summary.json` of a rollback. */
export function rollbackSummary(facts: RollbackFacts) {
  const { run, tokens } = facts;
  return {
    migration_id: run.migrationId,
    run_id: run.id,
    of_run_id: run.ofRunId,
    kind: run.kind,
    status: run.status,
    ...resultOf(facts),
    tokens: {
      planned: tokens.planned,
      spent: tokens.spent,
      by_operation: Object.fromEntries(tokens.use.map((row) => [row.operation, row.tokens])),
    },
    duration_ms: facts.durationMs,
    documents: [...documentNamesOf(run.kind)],
  };
}

function resultOf(facts: RollbackFacts) {
  const { run, schema } = facts;
  return {
    confirmed: run.plan.confirmed ?? null,
    entities: run.entities,
    balanced: facts.balanced,
    records: Object.fromEntries(facts.entities.map(({ entity, ...counts }) => [entity, counts])),
    kept: facts.kept,
    schema: { removed: schema?.removed ?? 0, kept: schema?.kept ?? [] },
    others: {
      before: run.plan.rollback?.others ?? null,
      after: schema?.others ?? null,
      unchanged: facts.othersUnchanged,
    },
  };
}

import { text } from 'node:stream/consumers';
import type { FailedRecord, KeptRecord } from '@octopipe/shared/run/read-run';
import { expect, test } from 'vitest';
import { explainedRecords, type RollbackFacts } from './gather-rollback.js';
import { rollbackHtml } from './rollback-html.js';
import { rollbackJson, rollbackSummary } from './rollback-json.js';

const hostile = `</style></title><img src=x onerror="alert('x')">`;
const counts = { planned: 6, deleted: 2, restored: 1, gone: 1, kept: 2, failed: 0, waiting: 0 };
const others = { records: 3, hash: 'abc' };

const facts: RollbackFacts = {
  run: {
    id: 'r2',
    migrationId: 'm',
    connectionId: 'c',
    exportId: 'e',
    mappingVersionId: 'v',
    setId: 's',
    kind: 'rollback',
    ofRunId: 'r1',
    entities: null,
    status: 'done',
    phase: null,
    reasonCode: null,
    reason: null,
    resumeAt: null,
    waivers: [],
    plan: {
      confirmed: { by: hostile, at: '2026-01-01T00:00:00.000Z' },
      rollback: {
        looked_at: '2026-01-01T00:00:00.000Z',
        deletes: 2,
        restores: 1,
        keeps: 2,
        gone: 1,
        entities: {},
        schema_items: 2,
        others,
      },
    },
    createdAt: new Date(0),
    startedAt: new Date(0),
    finishedAt: new Date(60_000),
  },
  migration: { id: 'm', name: hostile, reference: 'ref' },
  connection: { companyDomain: hostile, companyKey: 'k', plan: 'growth', seats: 1 },
  timeZone: 'Australia/Sydney',
  tokens: { planned: 40, spent: 30, use: [{ operation: 'deletePerson', calls: 5, tokens: 30 }] },
  durationMs: 60_000,
  entities: [{ entity: 'person', ...counts }],
  kept: { edited: 1, kept_hangs_on_it: 1, fields_edited: 1 },
  schema: {
    removed: 1,
    kept: [{ kind: 'field', entity: 'person', name: hostile, reason: 'in_use' }],
    others,
  },
  othersUnchanged: true,
  balanced: true,
};

const kept: KeptRecord[] = [
  {
    entity: 'person',
    targetKey: 'customer:1',
    targetId: '7',
    reason: 'edited',
    label: hostile,
    fields: ['name'],
  },
  {
    entity: 'person',
    targetKey: 'customer:2',
    targetId: '8',
    reason: 'fields_edited',
    label: 'Bo',
    fields: ['phones'],
  },
];
const lists = () => ({
  kept: async function* () {
    yield* kept;
  },
  failed: async function* (): AsyncGenerator<FailedRecord> {},
});

test('what a customer typed is text in the report of a rollback, never markup', async () => {
  const page = await rollbackHtml(facts, lists());
  expect(page).not.toContain('<img');
  expect(page.split('&lt;img').length).toBeGreaterThan(5);
});

test('says what stays by name and why, and that the rest of the account is as it was', async () => {
  const page = await rollbackHtml(facts, lists());
  for (const says of [
    'Taken back, except what people changed or still need.',
    'somebody changed it after we wrote it',
    'put back, but for the fields that somebody changed after we wrote them',
    'a record still uses it',
    'Every record that is not ours says the same as before the rollback.',
  ])
    expect(page).toContain(says);
});

test('a refused record makes the verdict bad', async () => {
  const page = await rollbackHtml(
    { ...facts, balanced: false, entities: [{ entity: 'person', ...counts, kept: 1, failed: 1 }] },
    lists(),
  );
  expect(page).toContain('Not everything could be taken back.');
  expect(page).toContain('1 refused');
});

test('the same for programs, complete', async () => {
  const whole = JSON.parse(await text(rollbackJson(facts, lists())));
  expect(whole).toMatchObject({
    balanced: true,
    records: { person: counts },
    others: { before: others, after: others, unchanged: true },
    kept_records: [
      { target_key: 'customer:1', name: hostile, reason: 'edited', fields: ['name'] },
      { target_key: 'customer:2', reason: 'fields_edited', fields: ['phones'] },
    ],
    failed_records: [],
  });
  expect(rollbackSummary(facts)).toMatchObject({
    run_id: 'r2',
    of_run_id: 'r1',
    kind: 'rollback',
    kept: facts.kept,
    schema: { removed: 1 },
    documents: ['rollback.json', 'rollback.html', 'summary.json'],
  });
});

test('what waits is not explained', () => {
  expect(explainedRecords({ entity: 'person', ...counts })).toBe(6);
  expect(explainedRecords({ entity: 'person', ...counts, kept: 1, waiting: 1 })).toBe(5);
});

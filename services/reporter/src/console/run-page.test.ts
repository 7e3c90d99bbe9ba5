import type { Run } from '@octopipe/shared/run/read-run';
import { expect, test } from 'vitest';
import { type RunPageFacts, runPage } from './run-page.js';

const now = new Date('2026-11-22T10:00:00Z');
const run: Run = {
  id: '00000000-0000-4000-8000-000000000001',
  migrationId: 'm',
  connectionId: 'c',
  exportId: 'e',
  mappingVersionId: 'v',
  setId: null,
  kind: 'production',
  ofRunId: null,
  entities: null,
  status: 'queued',
  phase: null,
  reasonCode: null,
  reason: null,
  resumeAt: null,
  waivers: [],
  plan: {},
  createdAt: now,
  startedAt: null,
  finishedAt: null,
};
const queued: RunPageFacts = {
  run,
  phases: [],
  entities: [],
  verification: [],
  tokensSpent: 0,
  budget: undefined,
  tenantName: 'Harbour',
  migrationName: 'Move',
  companyDomain: 'harbour',
  timeZone: 'UTC',
  findings: [],
  waivers: [],
  documents: [],
};
const documents = [{ name: 'reconciliation.html', bytes: 1 }];

test('a run that has nothing to show yet says so instead of showing nothing', () => {
  const page = runPage(queued, now, { refresh: true });
  for (const sentence of [
    'The run has no phases yet',
    'its price is not planned yet',
    'no token used yet today',
    'The run has not been planned yet.',
  ])
    expect(page).toContain(sentence);
});

test.each<[string, Partial<Run>, Partial<RunPageFacts>, string, boolean]>([
  ['waits for the budget', { status: 'waiting_budget', resumeAt: now }, {}, 'It goes on by itself at', true],
  [
    'waits for a person',
    { status: 'waiting_person', reason: 'Token refused.' },
    {},
    'Somebody must act.',
    true,
  ],
  ['done, report to come', { status: 'done', finishedAt: now }, {}, 'The report is being written.', true],
  ['done', { status: 'done', finishedAt: now }, { documents }, 'verdict good', false],
  [
    'done with differences',
    { status: 'done', finishedAt: now },
    { documents, verification: [{ entity: 'deal', records: 1, fields: 9, differences: 1, finishedAt: now }] },
    'verdict warn',
    false,
  ],
  ['failed', { status: 'failed', finishedAt: now }, { documents }, 'verdict bad', false],
  ['cancelled', { status: 'cancelled', finishedAt: now }, {}, 'A cancelled run has no report.', false],
])('%s', (_name, change, facts, says, renews) => {
  const page = runPage({ ...queued, ...facts, run: { ...run, ...change } }, now, { refresh: true });
  expect(page).toContain(says);
  expect(page.includes('http-equiv="refresh"')).toBe(renews);
});

test('escapes what people and accounts have named', () => {
  const hostile = '"><script>alert(1)</script>';
  const page = runPage(
    {
      ...queued,
      run: { ...run, status: 'waiting_person', reason: hostile },
      tenantName: hostile,
      migrationName: hostile,
      companyDomain: hostile,
      timeZone: hostile,
      waivers: [{ gate: hostile, actor: hostile }],
      findings: [{ code: hostile, severity: 'warn', count: 1 }],
      documents: [{ name: hostile, bytes: 1 }],
    },
    now,
    { refresh: true },
  );
  expect(page).not.toContain('<script');
});

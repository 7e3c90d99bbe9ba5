import type { Run } from '@octopipe/shared/run/read-run';
import { expect, test } from 'vitest';
import { liveScript } from './live-script.js';
import { versionOf } from './page-feed.js';
import { isLive, type RunPageFacts, runPage } from './run-page.js';

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
  const page = runPage(queued, now, 'v1');
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
  const given = { ...queued, ...facts, run: { ...run, ...change } };
  const page = runPage(given, now, undefined);
  expect(page).toContain(says);
  expect(isLive(given)).toBe(renews);
  expect(page.includes('Keep it up to date again')).toBe(renews);
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
    hostile,
  );
  expect(page.match(/<script[^>]*>/g)).toEqual(['<script src="/console/live.js" defer>']);
});

test('a page that is kept up to date says by what, where from and since when; without scripts it loads itself anew', () => {
  const page = runPage(queued, now, 'v1');
  expect(page).toContain(`<main data-version="v1" data-events="/console/runs/${run.id}/events">`);
  expect(page).toContain('<noscript><meta http-equiv="refresh" content="2"></noscript>');
  expect(page).toContain('<script src="/console/live.js" defer></script>');
  expect(page).toContain('role="status"');
  const still = runPage(queued, now, undefined);
  for (const part of ['<script', 'http-equiv="refresh"', 'data-events', 'role="status"'])
    expect(still).not.toContain(part);
  // It is a program, and finds what the page has.
  expect(() => new Function(liveScript)).not.toThrow();
  for (const [, id] of liveScript.matchAll(/getElementById\('(\w+)'\)/g))
    expect(page).toContain(`id="${id}"`);
});

test('a page is another one when something happened, and each minute', () => {
  const at = (time: string, facts: Partial<RunPageFacts> = {}) =>
    versionOf({ ...queued, ...facts }, new Date(`2026-11-22T${time}Z`));
  expect(at('10:00:59')).toBe(at('10:00:01'));
  expect(at('10:01:00')).not.toBe(at('10:00:59'));
  expect(at('10:00:01', { tokensSpent: 5 })).not.toBe(at('10:00:01'));
  expect(at('10:00:01', { run: { ...run, status: 'running' } })).not.toBe(at('10:00:01'));
});

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
  worked: [],
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

const ended = { finishedAt: now, startedAt: new Date(now.getTime() - 60_000) };
const tokens = { planned: 41_000, floor: 40_000, by_operation: {} };
const entities = [
  { entity: 'person', planned: 8_000, created: 0, updated: 0, unchanged: 0, failed: 0, waiting: 8_000 },
];

test('a finished dry run says that nothing was written, and what its plan is', () => {
  const calls = {
    hash: 'a1'.repeat(32),
    by_operation: { createDeal: 3_500, createPerson: 4_000 },
    not_yet_known: ['person'],
  };
  const phases = [
    { phase: 'provision', position: 1, state: 'running', planned: 0, startedAt: ended.startedAt },
    { phase: 'persons', position: 4, state: 'pending', planned: 8_000, startedAt: null },
  ].map((phase) => ({ ...phase, finishedAt: null })) as unknown as RunPageFacts['phases'];
  const owners = {
    ...{ matched: 4, unmatched: 2, records: 1_300 },
    workers: [{ source_key: 'fieldworker:7', name: 'Dee <b>', why: 'no_email' as const, records: 1_200 }],
  };
  const given: RunPageFacts = {
    ...queued,
    run: { ...run, ...ended, kind: 'dry_run', status: 'done', plan: { tokens, calls, owners } },
    phases,
    entities,
    tokensSpent: 62,
  };
  const page = runPage(given, new Date(now.getTime() + 86_400_000), undefined);
  for (const sentence of [
    '<header id="status" class="verdict good">',
    'Nothing was written: a dry run ends before the first write, and has no report.',
    `Its hash is <code>${calls.hash}</code>.`,
    '<th scope="row"><code>createPerson</code></th><td class="n">4,000</td>',
    'known only when the account was searched: person.',
    '<b>8,000</b><span>records to be written, or to be found unchanged',
    '<b>62</b><span>tokens spent by this run; a real run is planned at 41,000',
    '<td class="state">planned</td><td class="n">–</td><td class="n">–</td><td class="n">1 min 00 s</td>',
    '<td class="state">not done</td>',
    '<p>2 workers of 6 match no user by e-mail: 1,300 records would go to',
    'Dee &lt;b&gt; <span class="soft small">fieldworker:7</span></th><td>no e-mail in the export</td><td class="n">1,200</td>',
    'And 1 more:',
  ])
    expect(page).toContain(sentence);
  expect(page).not.toMatch(/report is being written|handled|to come/);
  expect(isLive(given)).toBe(false);
  const failed = runPage({ ...given, run: { ...given.run, status: 'failed' } }, now, undefined);
  expect(failed).toContain('Nothing was written. Remove the cause and start the dry run again.');
  expect(failed).toContain('<td class="state">stopped here</td>');
});

test.each([
  [0, 'verdict good', '<b>8,000</b><span>records read back, no difference'],
  [3, 'verdict warn', '<b>8,000</b><span>records read back, <strong class="bad">3 differences</strong>'],
])('a finished verify run counts what was read back: %i differences', (differences, tone, figure) => {
  const page = runPage(
    {
      ...queued,
      run: { ...run, ...ended, kind: 'verify', ofRunId: 'l', status: 'done', plan: { tokens } },
      verification: [
        { entity: 'deal', records: 3_000, fields: 9_000, differences, finishedAt: now },
        { entity: 'person', records: 5_000, fields: 20_000, differences: 0, finishedAt: now },
      ],
      documents: [{ name: 'verification.html', bytes: 1 }],
    },
    now,
    undefined,
  );
  expect(page).toContain(tone);
  expect(page).toContain(figure);
  expect(page).not.toMatch(/handled|class="legend"/);
});

test.each<[string, Partial<Run>, string]>([
  [
    'rollback_preview',
    {
      kind: 'rollback',
      ofRunId: 'l',
      plan: {
        rollback: {
          looked_at: '',
          deletes: 700,
          restores: 3,
          keeps: 12,
          gone: 0,
          entities: {},
          schema_items: 0,
          others: { records: 0, hash: '' },
        },
      },
    },
    '<strong>To resume the run is to say yes:</strong> it deletes the 700 records in Pipedrive',
  ],
  [
    'matches_open',
    {},
    `<code>/v1/runs/${run.id}/questions</code>. <strong>To resume the run creates every record anew that has no answer then</strong>`,
  ],
  ['records_failed', {}, '<code>retry-failed</code>. <strong>To resume the run leaves them behind</strong>'],
  // Failed records of a rollback are not tried again.
  ['records_failed', { kind: 'rollback', ofRunId: 'l' }, 'they stay in Pipedrive'],
])('%s: says what resuming would do before anybody resumes', (reasonCode, change, says) => {
  const page = runPage(
    { ...queued, run: { ...run, ...change, status: 'waiting_person', reasonCode, reason: 'Why.' } },
    now,
    undefined,
  );
  expect(page).toContain(says);
  expect(page).not.toContain('Remove the cause above');
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

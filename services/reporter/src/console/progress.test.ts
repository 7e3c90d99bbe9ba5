import type { Run } from '@octopipe/shared/run/read-run';
import { expect, test } from 'vitest';
import { type ProgressFacts, progressOf } from './progress.js';

const startedAt = new Date('2026-11-22T10:00:00Z');
const now = new Date('2026-11-22T10:01:00Z');

const run: Run = {
  id: 'r',
  migrationId: 'm',
  connectionId: 'c',
  exportId: 'e',
  mappingVersionId: 'v',
  setId: 's',
  kind: 'production',
  ofRunId: null,
  entities: null,
  status: 'running',
  phase: 'persons',
  reasonCode: null,
  reason: null,
  resumeAt: null,
  waivers: [],
  plan: { tokens: { planned: 10_000, floor: 9_000, by_operation: {} } },
  createdAt: startedAt,
  startedAt,
  finishedAt: null,
};
const facts: ProgressFacts = {
  run,
  phases: [{ phase: 'persons', position: 3, state: 'running', planned: 600, startedAt, finishedAt: null }],
  entities: [
    { entity: 'person', planned: 600, created: 290, updated: 5, unchanged: 0, failed: 5, waiting: 300 },
    { entity: 'deal', planned: 600, created: 0, updated: 0, unchanged: 0, failed: 0, waiting: 600 },
  ],
  verification: [],
  tokensSpent: 3_000,
  budget: { day: '2026-11-22', dailyLimit: 30_000, ceiling: 24_000, spent: 3_000, exhaustedUntil: null },
};

test('speed and end follow from the running phase', () => {
  expect(progressOf(facts, now)).toEqual({
    phases: [
      {
        phase: 'persons',
        state: 'running',
        planned: 600,
        created: 290,
        updated: 5,
        unchanged: 0,
        failed: 5,
        waiting: 300,
        perMinute: 300,
        tookMs: 60_000,
      },
    ],
    perMinute: 300,
    estimate: { kind: 'minutes', ms: 180_000 },
  });
});

test('says that it cannot say, and why', () => {
  const estimate = (change: Partial<ProgressFacts>) => progressOf({ ...facts, ...change }, now).estimate;
  expect([
    estimate({ run: { ...run, finishedAt: now } }),
    estimate({ run: { ...run, status: 'waiting_person' } }),
    estimate({ run: { ...run, plan: {} } }),
    estimate({ phases: [{ ...facts.phases[0], startedAt: new Date(now.getTime() - 1_000) } as never] }),
  ]).toEqual([
    { kind: 'ended' },
    { kind: 'unknown', why: 'It goes on when somebody acts.' },
    { kind: 'unknown', why: 'The run has not been planned yet.' },
    { kind: 'unknown', why: 'It is too early to measure the speed.' },
  ]);
});

test('a run that the daily allowance cannot carry takes days, not minutes', () => {
  const budget = { day: '2026-11-22', dailyLimit: 3_000, ceiling: 2_400, spent: 2_400, exhaustedUntil: null };
  expect(progressOf({ ...facts, budget }, now).estimate).toEqual({ kind: 'days', days: 3 });
  const early = { ...budget, spent: 0, exhaustedUntil: new Date('2026-11-23T00:00:00Z') };
  expect(progressOf({ ...facts, budget: early }, now).estimate).toEqual({ kind: 'days', days: 3 });
});

import type { CompanyBudget, Run } from '@octopipe/shared/run/read-run';
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
  worked: [{ from: startedAt, to: null }],
  entities: [
    { entity: 'person', planned: 600, created: 290, updated: 5, unchanged: 0, failed: 5, waiting: 300 },
    { entity: 'deal', planned: 600, created: 0, updated: 0, unchanged: 0, failed: 0, waiting: 600 },
  ],
  verification: [],
  tokensSpent: 3_000,
  budget: {
    day: '2026-11-22',
    dailyLimit: 30_000,
    ceiling: 24_000,
    spent: 3_000,
    clockSkewMs: 0,
    exhaustedUntil: null,
  },
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
  const budget = {
    day: '2026-11-22',
    dailyLimit: 3_000,
    ceiling: 2_400,
    spent: 2_400,
    clockSkewMs: 0,
    exhaustedUntil: null,
  };
  expect(progressOf({ ...facts, budget }, now).estimate).toEqual({ kind: 'days', days: 3 });
  const early = { ...budget, spent: 0, exhaustedUntil: new Date('2026-11-23T00:00:00Z') };
  expect(progressOf({ ...facts, budget: early }, now).estimate).toEqual({ kind: 'days', days: 3 });
});

test('a night in which the run was parked does not count as slow, and yesterday is not spent today', () => {
  const at = (time: string) => new Date(`2026-11-${time}Z`);
  const person = { entity: 'person', created: 0, updated: 0, unchanged: 0, failed: 0 };
  const parked: ProgressFacts = {
    ...facts,
    phases: [
      {
        phase: 'persons',
        position: 3,
        state: 'running',
        planned: 8_000,
        startedAt: at('22T09:30:00'),
        finishedAt: null,
      },
    ],
    worked: [
      { from: at('22T09:20:00'), to: at('22T09:49:00') },
      { from: at('23T00:00:00'), to: null },
    ],
    entities: [{ ...person, planned: 8_000, created: 5_000, waiting: 3_000 }],
    tokensSpent: 7_000,
    budget: {
      day: '2026-11-22',
      dailyLimit: 3_000,
      ceiling: 2_400,
      spent: 2_400,
      clockSkewMs: 0,
      exhaustedUntil: at('23T00:00:00'),
    },
    run: { ...run, plan: { tokens: { planned: 9_400, floor: 9_000, by_operation: {} } } },
  };
  const found = progressOf(parked, at('23T00:01:00'));
  // 5,000 in the 19 minutes before and the one after, not in 14 and a half hours.
  expect(found.perMinute).toBe(250);
  expect(found.phases[0]?.tookMs).toBe(14.5 * 3_600_000 + 60_000);
  expect(found.estimate).toEqual({ kind: 'minutes', ms: 12 * 60_000 });
  // The account's clock says which day it is.
  const behind = { ...parked, budget: { ...parked.budget, clockSkewMs: -120_000 } as CompanyBudget };
  expect(progressOf(behind, at('23T00:01:00')).estimate).toEqual({ kind: 'days', days: 1 });
});

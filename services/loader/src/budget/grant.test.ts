import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BudgetRow, grant, learnt, nextReset, reopened, rolledTo, slotGapMs } from './grant.js';

const noon = new Date('2026-11-22T12:00:00Z');
const row: BudgetRow = {
  day: '2026-11-22',
  dailyLimit: 30_000,
  ceiling: 24_000,
  spent: 0,
  exhaustedUntil: null,
  blockedUntil: null,
  burstLimit: 20,
  burstNextAt: new Date('2026-11-22T11:00:00Z'),
};
const ask = { needTokens: 5, wantTokens: 60, requests: 8 };

describe('grant', () => {
  it.each([
    ['a fresh day', {}, { kind: 'granted', tokens: 60 }],
    [
      'little left: less than wanted, not less than needed',
      { spent: 23_990 },
      { kind: 'granted', tokens: 10 },
    ],
    ['too little left', { spent: 23_996 }, { kind: 'denied', reason: 'day_spent', until: nextReset(noon) }],
    [
      'paused',
      { blockedUntil: new Date('2026-11-22T12:00:02Z') },
      { kind: 'denied', reason: 'slowed', until: new Date('2026-11-22T12:00:02Z') },
    ],
    [
      'exhausted by the account itself',
      { exhaustedUntil: nextReset(noon) },
      { kind: 'denied', reason: 'day_spent', until: nextReset(noon) },
    ],
    [
      'yesterday was exhausted',
      { day: '2026-11-21', spent: 24_000, exhaustedUntil: noon },
      { kind: 'granted', tokens: 60 },
    ],
    [
      'a clock set back: the old day goes on',
      { day: '2026-11-23', spent: 23_990 },
      { kind: 'granted', tokens: 10 },
    ],
  ])('%s', (_what, change, expected) => {
    expect(grant({ ...row, ...change }, noon, ask)).toMatchObject(expected);
  });

  it('starts slots anew after a lull and after a clock set back, and queues them otherwise', () => {
    const soon = new Date(noon.getTime() + 900);
    const farAway = new Date(noon.getTime() + 3_600_000);
    const firstOf = (burstNextAt: Date) => {
      const result = grant({ ...row, burstNextAt }, noon, ask);
      return result.kind === 'granted' ? result.firstSlotAt : undefined;
    };
    expect([row.burstNextAt, soon, farAway].map(firstOf)).toEqual([noon, soon, noon]);
  });

  const steps = fc.array(
    fc.record({
      afterMs: fc.integer({ min: -5_000, max: 40_000_000 }),
      needTokens: fc.integer({ min: 1, max: 20 }),
      wantTokens: fc.integer({ min: 1, max: 200 }),
      requests: fc.integer({ min: 0, max: 12 }),
    }),
    { maxLength: 120 },
  );

  it('never grants more than the ceiling in a day, whatever the clock does', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 10, max: 500 }), (asks, ceiling) => {
        let state: BudgetRow = { ...row, ceiling };
        let now = noon.getTime();
        const byDay = new Map<string, number>();
        for (const { afterMs, ...wanted } of asks) {
          now += afterMs;
          const result = grant(state, new Date(now), wanted);
          state = result.row;
          if (result.kind === 'granted') {
            expect(result.tokens).toBeGreaterThanOrEqual(wanted.needTokens);
            byDay.set(state.day, (byDay.get(state.day) ?? 0) + result.tokens);
          }
        }
        expect(Math.max(0, ...byDay.values())).toBeLessThanOrEqual(ceiling);
      }),
    );
  });

  it('never hands out more slots in a rolling 2 s window than the plan allows', () => {
    const quickSteps = fc.array(
      fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), requests: fc.integer({ min: 0, max: 12 }) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(quickSteps, fc.constantFrom(20, 40, 100, 120), (asks, burstLimit) => {
        let state: BudgetRow = { ...row, burstLimit, ceiling: 1_000_000, burstNextAt: noon };
        let now = noon.getTime();
        const slots: number[] = [];
        for (const { afterMs, requests } of asks) {
          now += afterMs;
          const result = grant(state, new Date(now), { needTokens: 1, wantTokens: 1, requests });
          state = result.row;
          if (result.kind === 'granted')
            for (let i = 0; i < requests; i += 1)
              slots.push(result.firstSlotAt.getTime() + i * slotGapMs(burstLimit));
        }
        for (const from of slots)
          expect(slots.filter((at) => at >= from && at < from + 2_000).length).toBeLessThanOrEqual(
            burstLimit,
          );
      }),
    );
  });
});

describe('the day', () => {
  it('turns at midnight of the server and never back', () => {
    const used = { ...row, spent: 7, exhaustedUntil: noon };
    expect(rolledTo(used, new Date('2026-11-22T23:59:59Z'))).toEqual(used);
    expect(rolledTo(used, new Date('2026-11-23T00:00:00Z'))).toEqual({
      ...used,
      day: '2026-11-23',
      spent: 0,
      exhaustedUntil: null,
    });
    expect(rolledTo(used, new Date('2026-11-20T00:00:00Z'))).toEqual(used);
  });
});

describe('what headers teach', () => {
  it.each([
    ['use by others', { dailyRemaining: 10_000 }, { spent: 20_000 }],
    ['less than we know of: ours counts', { dailyRemaining: 30_000 }, { spent: 100 }],
    ['another limit', { dailyLimit: 60_000, dailyRemaining: 60_000 }, { ceiling: 48_000, spent: 100 }],
    ['another burst', { burstLimit: 40 }, { burstLimit: 40, spent: 100 }],
    ['nothing', {}, { spent: 100, ceiling: 24_000 }],
    [
      'an answer of yesterday that arrives after midnight',
      { dailyRemaining: 1_000, serverTime: new Date('2026-11-21T23:59:59Z') },
      { spent: 100 },
    ],
  ])('%s', (_what, seen, expected) => {
    expect(learnt({ ...row, spent: 100 }, seen, 0.2)).toMatchObject(expected);
  });

  it('a look at a spent day believes the account, whose reset need not be midnight UTC', () => {
    const spent = { ...row, spent: 24_000, exhaustedUntil: nextReset(noon) };
    expect(reopened(spent, { dailyRemaining: 29_998 })).toMatchObject({ spent: 2, exhaustedUntil: null });
    expect(reopened(spent, { dailyRemaining: 0 })).toMatchObject({
      spent: 30_000,
      exhaustedUntil: nextReset(noon),
    });
    expect(reopened({ ...spent, spent: 400 }, {})).toMatchObject({ spent: 400, exhaustedUntil: null });
  });
});

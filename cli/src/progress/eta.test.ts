import { expect, test } from 'vitest';
import { type EtaFacts, estimateEnd } from './eta.js';

const noon = Date.parse('2026-11-22T12:00:00Z');
const hourMs = 3_600_000;

function end(facts: Partial<EtaFacts>): string | undefined {
  const ms = estimateEnd({
    nowMs: noon,
    tokensLeft: 36_000,
    tokensPerSecond: 10,
    spentToday: 0,
    dailyShare: 1_000_000,
    resumeAtMs: undefined,
    ...facts,
  });
  return ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16);
}

test('within the day only the speed counts', () => {
  expect(end({})).toBe('2026-11-22T13:00');
  expect(end({ tokensLeft: 0 })).toBe('2026-11-22T12:00');
});

test('without a speed there is no answer', () => {
  expect(end({ tokensPerSecond: undefined })).toBeUndefined();
  expect(end({ tokensPerSecond: 0 })).toBeUndefined();
});

test('what today does not hold waits for midnight UTC', () => {
  expect(end({ dailyShare: 40_000, spentToday: 22_000 })).toBe('2026-11-23T00:30');
});

test('several days of tokens are several days', () => {
  // 18,000 today, 36,000 on each of the next two, 18,000 (half an hour) on the third.
  expect(end({ dailyShare: 36_000, spentToday: 18_000, tokensLeft: 108_000 })).toBe('2026-11-25T00:30');
});

test('exactly a day of tokens ends on that day', () => {
  expect(end({ dailyShare: 36_000, spentToday: 36_000, tokensLeft: 36_000 })).toBe('2026-11-23T01:00');
});

test('a parked run goes on when it said, whatever seems left of today', () => {
  expect(end({ dailyShare: 40_000, spentToday: 32_000, resumeAtMs: noon + 3 * hourMs })).toBe(
    '2026-11-22T16:00',
  );
});

test('a slow run over midnight uses both days', () => {
  expect(end({ tokensPerSecond: 0.5, tokensLeft: 43_200, dailyShare: 40_000 })).toBe('2026-11-23T12:00');
});

test('without a known limit there is only the speed', () => {
  expect(end({ dailyShare: undefined })).toBe('2026-11-22T13:00');
});

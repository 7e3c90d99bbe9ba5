import { expect, test } from 'vitest';
import { clockTime, duration } from './times.js';

test('durations grow coarser', () => {
  const s = 1_000;
  expect(
    [0, 40 * s, 89 * s, 90 * s, 59 * 60 * s, 3 * 3_600 * s + 299 * s, 52 * 3_600 * s].map(duration),
  ).toEqual(['0 s', '40 s', '89 s', '2 min', '59 min', '3 h 05 min', '2 d 4 h']);
  expect(duration(9 * 3_600 * s + 3_594 * s)).toBe('10 h 00 min');
});

test('a clock time names the day when it is not today', () => {
  const now = new Date(2026, 10, 22, 14, 0).getTime();
  expect(clockTime(new Date(2026, 10, 22, 14, 10).getTime(), now)).toBe('14:10');
  expect(clockTime(new Date(2026, 10, 24, 9, 5).getTime(), now)).toBe('Tue 09:05');
  expect(clockTime(new Date(2026, 11, 24, 9, 5).getTime(), now)).toBe('2026-12-24 09:05');
});

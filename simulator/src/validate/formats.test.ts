import { expect, test } from 'vitest';
import { isDate, isHoursMinutes, isRfc3339, isSqlTime, isTimeOfDay, isTimeZone } from './formats.js';

test.each([
  [isDate, ['2024-02-29', '1999-12-31'], ['2023-02-29', '2024-13-01', '24-01-01', '2024-1-1', '']],
  [
    isRfc3339,
    ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00+02:00'],
    [
      '2024-01-01T00:00:00.000Z',
      '2024-01-01T00:00:00',
      '2024-02-30T00:00:00Z',
      '2024-01-01T25:00:00Z',
      '2024-01-01 00:00:00',
    ],
  ],
  [isSqlTime, ['2024-01-01 23:59:59'], ['2024-01-01T23:59:59', '2024-01-01 24:00:00', '2024-02-30 00:00:00']],
  [isTimeOfDay, ['00:00:00', '23:59:59'], ['24:00:00', '08:30', '8:30:00']],
  [isHoursMinutes, ['09:30', '09:30:00', '100:00'], ['9:30', '09:60', 'noon']],
  [isTimeZone, ['Europe/Berlin', 'UTC'], ['Mars/Base', '']],
])('%o', (check, good, bad) => {
  expect(good.filter((value) => !check(value))).toEqual([]);
  expect(bad.filter(check)).toEqual([]);
});

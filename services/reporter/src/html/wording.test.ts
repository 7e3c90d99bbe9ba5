import { expect, test } from 'vitest';
import { count, counted, duration, moment, money } from './wording.js';

test('numbers, amounts and durations for the eye', () => {
  expect([count(1234567), counted(1, 'record'), counted(2000, 'record')]).toEqual([
    '1,234,567',
    '1 record',
    '2,000 records',
  ]);
  expect(['0', '1234567.5', '-120.505', '12345678901234567890.1'].map(money)).toEqual([
    '0.00',
    '1,234,567.50',
    '-120.505',
    '12,345,678,901,234,567,890.10',
  ]);
  expect([800, 45_000, 200_000, 7_500_000].map(duration)).toEqual([
    '0.8 s',
    '45 s',
    '3 min 20 s',
    '2 h 05 min',
  ]);
});

test('a moment names its zone; an unknown zone falls back to UTC', () => {
  const at = new Date('2026-11-22T21:34:12Z');
  expect(moment(at, 'Australia/Sydney').text).toBe(
    '<time datetime="2026-11-22T21:34:12.000Z">23 Nov 2026, 08:34:12 (Australia/Sydney)</time>',
  );
  expect(moment(at, 'Mars/Olympus').text).toContain('(UTC)');
  expect(moment(null, 'UTC').text).toBe('–');
});

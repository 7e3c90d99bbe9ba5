import { expect, test } from 'vitest';
import { endingOf, exitCodes } from './exit-codes.js';

test('each ending has its own number', () => {
  expect(Object.fromEntries(Object.entries(exitCodes).map(([name, { code }]) => [name, code]))).toEqual({
    ok: 0,
    unexpected: 1,
    usage: 2,
    confirmation: 3,
    notBalanced: 4,
    refused: 5,
    interrupted: 130,
  });
});

test('what the account refuses, what the caller got wrong, and the rest', () => {
  expect(endingOf('token_refused', 'unexpected')).toBe('refused');
  expect(endingOf('deal_cap', 'notBalanced')).toBe('refused');
  expect(endingOf('settings_missing', 'unexpected')).toBe('usage');
  expect(endingOf('never_heard_of', 'notBalanced')).toBe('notBalanced');
  expect(endingOf(null, 'notBalanced')).toBe('notBalanced');
  expect(endingOf('constructor', 'notBalanced')).toBe('notBalanced');
});

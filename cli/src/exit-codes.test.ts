import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

test('what the account does not allow is refused, wherever it says so', () => {
  for (const code of ['plan_limit_reached', 'account_not_open', 'label_field_missing', 'company_taken'])
    expect([code, endingOf(code, 'notBalanced')]).toEqual([code, 'refused']);
  expect(endingOf('connection_in_doubt', 'unexpected')).toBe('notBalanced');
});

test('every reason with which a run waits or ends has its ending', () => {
  const root = new URL('../../services/loader/src/', import.meta.url).pathname;
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'));
  const codes = [
    /new RunStopped\(\s*'(\w+)'/g,
    /needsPerson: true,\s*code: '(\w+)'/g,
    /reasonCode: (?:\w+(?:\.\w+)* \?\? )?'(\w+)'/g,
  ].flatMap((pattern) => sources.flatMap((text) => [...text.matchAll(pattern)].map(([, code]) => code)));
  expect(codes).toEqual(
    expect.arrayContaining(['plan_limit_reached', 'records_failed', 'matches_open', 'mapping_failed']),
  );
  // Only a code that is known ends the same whatever the caller would say otherwise.
  const unknown = codes.filter((code) => endingOf(code, 'ok') === 'ok');
  expect(unknown).toEqual([]);
});

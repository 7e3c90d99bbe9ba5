import { expect, test } from 'vitest';
import { isDatabaseAway, onceDatabaseAnswers } from './database-away.js';

const withCode = (code: string) => Object.assign(new Error('said by pg'), { code });

test.each([
  ['refused', withCode('ECONNREFUSED')],
  ['ended by an administrator', withCode('57P01')],
  ['starting up', withCode('57P03')],
  ['without an address', withCode('ENOTFOUND')],
  ['not to be resolved now', withCode('EAI_AGAIN')],
  ['its host is gone', withCode('EHOSTUNREACH')],
  ['its network is gone', withCode('ENETUNREACH')],
  ['all its connections are taken', withCode('53300')],
  ['cut off', new Error('Connection terminated unexpectedly')],
  ['not answering', new Error('timeout exceeded when trying to connect')],
])('away: %s', (_what, error) => {
  expect(isDatabaseAway(error)).toBe(true);
});

test.each([
  ['a broken constraint', withCode('23505')],
  ['a deadlock', withCode('40P01')],
  ['a bug', new TypeError('undefined is not a function')],
  ['no error', undefined],
])('there: %s', (_what, error) => {
  expect(isDatabaseAway(error)).toBe(false);
});

test('work is repeated while the database is away, and only then', async () => {
  const answers = [withCode('ECONNREFUSED'), withCode('57P03')];
  let asked = 0;
  const noted = await onceDatabaseAnswers(async () => {
    const error = answers[asked];
    asked += 1;
    if (error) throw error;
    return 'noted';
  });
  expect({ noted, asked }).toEqual({ noted: 'noted', asked: 3 });

  let tried = 0;
  const broken = withCode('23505');
  const work = onceDatabaseAnswers(() => {
    tried += 1;
    return Promise.reject(broken);
  });
  await expect(work).rejects.toBe(broken);
  expect(tried).toBe(1);
});

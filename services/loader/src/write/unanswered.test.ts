import { expect, it } from 'vitest';
import { isLeft, longestOutageMs, mostUnanswered } from './unanswered.js';

const tried = { unanswered: mostUnanswered, triedForMs: 60_000 };
const noOthers = { answeredSince: 0, unanswered: 0 };

it.each([
  [
    'once less than it takes',
    { ...tried, unanswered: mostUnanswered - 1 },
    { answeredSince: 9, unanswered: 0 },
    false,
  ],
  ['often enough, while the account answers others', tried, { answeredSince: 1, unanswered: 0 }, true],
  ['a few like it among many that are answered', tried, { answeredSince: 10, unanswered: 3 }, true],
  ['an outage: no other is answered', tried, { answeredSince: 0, unanswered: 5_000 }, false],
  ['an outage that has begun under way', tried, { answeredSince: 8, unanswered: 5_000 }, false],
  ['the only one that there is', tried, noOthers, false],
  ['the only one, for long', { ...tried, triedForMs: longestOutageMs }, noOthers, true],
  [
    'an outage that does not end',
    { ...tried, triedForMs: longestOutageMs },
    { answeredSince: 0, unanswered: 5_000 },
    true,
  ],
])('a record whose call gets no answer: %s', (_what, intent, others, left) => {
  expect(isLeft(intent, others)).toBe(left);
});

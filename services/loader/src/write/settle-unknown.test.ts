import { expect, it } from 'vitest';
import { isSurelyMade } from './settle-unknown.js';

const ours = { name: 'Ann', add_time: '2021-02-03T04:05:06Z' };

it.each([
  ['a deal: none of theirs is ever matched', 'deal', {}, {}, true],
  [
    'a person whose time of creation is the one we send',
    'person',
    ours,
    { add_time: '2021-02-03T04:05:06.000Z' },
    true,
  ],
  ['a person that was created at another time', 'person', ours, { add_time: '2019-01-01T00:00:00Z' }, false],
  ['a person of whom we send none', 'person', { name: 'Ann' }, { add_time: '2019-01-01T00:00:00Z' }, false],
  [
    'a product: nobody can set its time',
    'product',
    { name: 'Clean' },
    { add_time: '2019-01-01T00:00:00Z' },
    false,
  ],
] as const)('%s', (_what, entity, payload, listed, expected) => {
  expect(isSurelyMade(entity, payload, { add_time: undefined, ...listed })).toBe(expected);
});

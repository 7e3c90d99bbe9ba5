import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { followMerges, joinMerges } from './follow-merges.js';

const there = (...ids: string[]) => {
  const known = new Set(ids);
  return (id: string) => known.has(id);
};
const merges = (text: string) =>
  text.split(' ').map((pair) => {
    const [from = '', into = ''] = pair.split('>');
    return { from, into };
  });
const words = (survivors: ReadonlyMap<string, string>) =>
  [...survivors].map(([from, into]) => `${from}>${into}`).sort();

describe('merges that the export states', () => {
  test.each([
    ['one', '12>7', ['12>7'], []],
    ['a chain, in any order', '12>7 7>3', ['12>3', '7>3'], []],
    ['a chain told from its end', '7>3 12>7', ['12>3', '7>3'], []],
    ['into one that is not in the export', '12>99', [], ['12']],
    ['into one whose own merge leads nowhere', '12>7 7>99', ['12>7'], ['7']],
    ['into itself', '7>7', [], ['7']],
    ['in a circle', '12>7 7>12', [], ['12', '7']],
    ['into a circle', '3>12 12>7 7>12', ['3>12'], ['12', '7']],
  ])('%s', (_case, stated, survivors, astray) => {
    const followed = followMerges(merges(stated), there('3', '7', '12'));
    expect(words(followed.survivors)).toEqual(survivors);
    expect([...followed.astray].sort()).toEqual(astray);
  });

  test('each ends at a customer that lives on, or lives on itself', () => {
    const id = fc.integer({ min: 0, max: 12 }).map(String);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ from: id, into: id }), { selector: ({ from }) => from }),
        (stated) => {
          const { survivors, astray } = followMerges(stated, (one) => one !== '12');
          for (const { from } of stated) {
            expect(survivors.has(from)).toBe(!astray.has(from));
            const survivor = survivors.get(from);
            if (survivor !== undefined)
              expect([survivors.has(survivor), survivor]).toEqual([false, survivor]);
            expect(survivor).not.toBe('12');
          }
        },
      ),
    );
  });

  test('a chain as long as an export is followed at once', () => {
    const stated = Array.from({ length: 50_000 }, (_, n) => ({ from: String(n + 1), into: String(n) }));
    const { survivors } = followMerges(stated, () => true);
    expect(new Set(survivors.values())).toEqual(new Set(['0']));
  });
});

describe('with what a person decides', () => {
  test.each([
    ['the survivor goes on into another', '12>7', '7>3', ['12>3', '7>3']],
    ['the other way round: the person’s stands', '12>7', '7>12', ['7>12']],
    ['the merged one went into another: all are one', '12>7', '12>3', ['12>7', '3>7']],
    ['nothing in common', '12>7', '5>3', ['12>7', '5>3']],
  ])('%s', (_case, stated, decided, together) => {
    const survivors = new Map(merges(stated).map(({ from, into }) => [from, into]));
    expect(words(joinMerges(survivors, merges(decided)))).toEqual(together);
  });
});

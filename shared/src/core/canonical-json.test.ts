import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, hashOf } from './canonical-json.js';

test('is JSON of the same value, whatever the value is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('the order in which keys were set never matters', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.func(fc.integer()), (value, rank) => {
      const shuffled = reordered(value, (key) => rank(key));
      expect(canonicalJson(shuffled)).toBe(canonicalJson(value));
      expect(hashOf(shuffled)).toBe(hashOf(value));
    }),
  );
});

test('different values never share their bytes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      fc.pre(JSON.stringify(reordered(one)) !== JSON.stringify(reordered(other)));
      expect(canonicalJson(one)).not.toBe(canonicalJson(other));
    }),
  );
});

test('undefined members are left out, undefined items are null, as in JSON.stringify', () => {
  expect(canonicalJson({ b: undefined, a: [undefined, null], c: '' })).toBe('{"a":[null,null],"c":""}');
});

test('what knows its own JSON is written so: two dates are not one', () => {
  const at = (day: number) => ({ at: new Date(Date.UTC(2024, 2, day)) });
  expect(canonicalJson(at(1))).toBe('{"at":"2024-03-01T00:00:00.000Z"}');
  expect(hashOf(at(1))).not.toBe(hashOf(at(2)));
});

test('the hash stays what it was: it is stored beside every payload', () => {
  expect(canonicalJson({ name: 'Ærø Pools', value: 12.5, tags: ['b', 'a'], Zip: null })).toBe(
    '{"Zip":null,"name":"Ærø Pools","tags":["b","a"],"value":12.5}',
  );
  expect(hashOf({ b: 1, a: 2 })).toBe('d3626ac30a87e6f7a6428233b3c68299976865fa5508e4267c5415c76af7a772');
});

/** The same value with its keys set in another order, all the way down. */
function reordered(value: unknown, rank?: (key: string) => number): unknown {
  if (Array.isArray(value)) return value.map((item) => reordered(item, rank));
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? 0 : value;
  const keys = Object.keys(value).sort();
  if (rank) keys.sort((a, b) => rank(a) - rank(b));
  return Object.fromEntries(
    keys.map((key) => [key, reordered((value as Record<string, unknown>)[key], rank)]),
  );
}

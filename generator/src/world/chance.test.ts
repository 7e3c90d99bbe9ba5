import { DateTime } from 'luxon';
import { expect, test } from 'vitest';
import { ratesOf } from '../defects/table.js';
import { instantText, minutesOf } from './calendar.js';
import { dice, normalQuantile, type Share, Shuffle } from './chance.js';
import { bookingOfSlot, createWorld, slotOfBooking } from './world.js';

test('a throw depends on seed, name and index only', () => {
  expect(dice(1, 'a', 2).next()).toBe(dice(1, 'a', 2).next());
  expect(
    new Set([dice(1, 'a', 2), dice(2, 'a', 2), dice(1, 'b', 2), dice(1, 'a', 3)].map((one) => one.next()))
      .size,
  ).toBe(4);
});

test.each([1, 2, 100, 4_999, 107_000])('a shuffle of %i is a permutation that can be walked back', (size) => {
  const shuffle = new Shuffle(7, 'x', size);
  const seen = new Set(Array.from({ length: size }, (_, index) => shuffle.of(index)));
  expect(seen.size).toBe(size);
  for (let index = 0; index < size; index += Math.ceil(size / 50))
    expect(shuffle.from(shuffle.of(index))).toBe(index);
});

test('shares of ranks are exact, and stay even when split again', () => {
  const shuffle = new Shuffle(1, 'y', 1000);
  const counts: Record<string, number> = {};
  for (let index = 0; index < 1000; index++) {
    const share: Share = shuffle.share(index);
    const name = share.split({ a: 0.3, b: 0.7 }) + share.split({ x: 0.5, y: 0.5 });
    counts[name] = (counts[name] ?? 0) + 1;
  }
  expect(counts).toEqual({ ax: 150, ay: 150, bx: 350, by: 350 });
});

test('the normal quantile', () => {
  expect(normalQuantile(0.5)).toBeCloseTo(0, 8);
  expect(normalQuantile(0.95)).toBeCloseTo(1.6448536, 6);
});

test('wall-clock times carry the offset that the zone database gives', () => {
  const wrong: string[] = [];
  for (let minutes = minutesOf(2017, 1, 1); minutes < minutesOf(2027, 1, 1); minutes += 47) {
    const text = instantText(minutes);
    const when = DateTime.fromISO(text, { setZone: true });
    if (when.setZone('Australia/Sydney').offset !== when.offset) wrong.push(text);
  }
  expect(wrong).toEqual([]);
  // 8 s of computing when nothing else runs.
}, 300_000);

test('each booking has one slot, and the other way round', () => {
  const world = createWorld(3, 'S');
  for (let index = 0; index < world.bookings; index += 7)
    expect(bookingOfSlot(world, slotOfBooking(world, index).slot)).toBe(index);
});

test('rates are read, and nonsense is refused', () => {
  expect(ratesOf('D01=0.5,D12=.1')({ id: 'D12' })).toBe(0.1);
  expect(ratesOf('none')({ id: 'D12', typical: 1 })).toBe(0);
  expect(() => ratesOf('D99=0.1')).toThrow('D99');
});

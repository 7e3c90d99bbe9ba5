import { describe, expect, it } from 'vitest';
import { afterDeath, afterTurn, isOnTrial, noTrial, type Trial, toPark, toTry } from './trial.js';

/** Turns of one batch until nothing is open: a turn dies at the first record that kills, with what it had done before. */
function playOut(keys: string[], kills: ReadonlySet<string>, perSlice: number) {
  let open = keys;
  let trial: Trial = noTrial;
  let deaths = 0;
  const parked: string[] = [];
  while (open.length > 0) {
    const before = open.length;
    const park = toPark(trial);
    if (park !== undefined) {
      parked.push(park);
      open = open.filter((key) => key !== park);
      trial = afterTurn(trial, open, true);
      continue;
    }
    const tried = toTry(trial, open);
    let died = false;
    for (let at = 0; at < tried.length && !died; at += perSlice) {
      const slice = tried.slice(at, at + perSlice);
      // All of a slice leave together: with one that kills, none is done.
      died = slice.some((key) => kills.has(key));
      if (!died) open = open.filter((key) => !slice.includes(key));
    }
    deaths += died ? 1 : 0;
    if (deaths > 500) throw new Error('it goes on for ever');
    trial = died
      ? afterDeath(trial, open, open.length < before)
      : afterTurn(trial, open, open.length < before);
  }
  return { parked, deaths };
}

const hundred = Array.from({ length: 100 }, (_, n) => `customer:${n}`);

describe('a batch that kills its workers', () => {
  it.each([
    ['the first', [0], 13],
    ['one in the middle', [50], 13],
    ['the last', [99], 13],
    ['two side by side', [41, 42], 23],
    ['three apart', [0, 33, 99], 33],
  ])('%s: exactly it is parked, after few deaths', (_what, places, mostDeaths) => {
    for (const perSlice of [1, 4, 100]) {
      const kills = new Set(places.map((n) => `customer:${n}`));
      const { parked, deaths } = playOut(hundred, kills, perSlice);
      expect(parked.sort()).toEqual([...kills].sort());
      expect(deaths).toBeLessThanOrEqual(mostDeaths);
    }
  });

  it('a batch of one record is parked after five deaths', () => {
    expect(playOut(['customer:1'], new Set(['customer:1']), 4)).toEqual({
      parked: ['customer:1'],
      deaths: 5,
    });
  });

  it('every one of them: each is parked, one after the other', () => {
    const few = hundred.slice(0, 4);
    expect(playOut(few, new Set(few), 4).parked).toEqual(few);
  });

  it('deaths that leave something done are no trial, however many', () => {
    let trial: Trial = noTrial;
    for (let death = 0; death < 20; death += 1) trial = afterDeath(trial, hundred.slice(death), true);
    expect(trial).toEqual({ crashes: 1, suspects: null });
    expect(isOnTrial(trial)).toBe(false);
  });

  it('a turn without result changes nothing; one with a result ends the count, but not a trial', () => {
    const after = (crashes: number, suspects: string[] | null, open: string[], didSomething: boolean) =>
      afterTurn({ crashes, suspects }, open, didSomething);
    expect(after(2, null, ['a'], false)).toEqual({ crashes: 2, suspects: null });
    expect(after(2, null, ['a'], true)).toEqual(noTrial);
    expect(after(4, ['a'], ['a', 'b'], false)).toEqual({ crashes: 4, suspects: ['a'] });
    // Another record of the batch got its outcome by the walk.
    expect(after(4, ['a'], ['a'], true)).toEqual({ crashes: 4, suspects: ['a'] });
    expect(after(4, ['a'], ['b'], true)).toEqual({ crashes: 3, suspects: null });
    expect(after(3, ['a', 'b', 'c'], ['b', 'c', 'd'], true)).toEqual({ crashes: 3, suspects: ['b', 'c'] });
    expect(after(3, null, ['a'], true)).toEqual({ crashes: 3, suspects: null });
  });

  it('a death is counted against what was tried, whatever stood among the suspects before', () => {
    const after = (crashes: number, suspects: string[] | null, open: string[]) =>
      afterDeath({ crashes, suspects }, open, false);
    expect(after(3, null, [])).toEqual({ crashes: 3, suspects: null });
    expect(after(3, null, ['a', 'b', 'c'])).toEqual({ crashes: 3, suspects: ['a', 'b', 'c'] });
    expect(after(3, ['a', 'b', 'c'], ['a', 'b', 'c'])).toEqual({ crashes: 3, suspects: ['a', 'b'] });
    expect(after(3, ['a', 'b'], ['a', 'b'])).toEqual({ crashes: 4, suspects: ['a'] });
    expect(after(3, ['a', 'b'], ['b', 'c'])).toEqual({ crashes: 4, suspects: ['b'] });
    expect(after(4, ['a'], ['a', 'c'])).toEqual({ crashes: 5, suspects: ['a'] });
    expect(after(4, ['a'], ['c'])).toEqual({ crashes: 4, suspects: ['c'] });
    expect(after(4, ['a'], ['b', 'c'])).toEqual({ crashes: 3, suspects: ['b', 'c'] });
  });

  it('nobody is parked beside others, or before it died twice alone', () => {
    expect(toPark({ crashes: 4, suspects: ['a'] })).toBeUndefined();
    expect(toPark({ crashes: 5, suspects: ['a', 'b'] })).toBeUndefined();
    expect(toPark({ crashes: 5, suspects: null })).toBeUndefined();
    expect(toPark({ crashes: 5, suspects: ['a'] })).toBe('a');
  });
});

import { expect, it } from 'vitest';
import { alone, besideOthers } from './alone.js';

it('whoever is alone has nobody beside it, not even after failures', async () => {
  const inWork = new Set<string>();
  const seen: string[] = [];
  const work =
    (name: string, fails = false) =>
    async () => {
      inWork.add(name);
      seen.push([...inWork].sort().join('+'));
      await new Promise((resolve) => setTimeout(resolve, 5));
      inWork.delete(name);
      if (fails) throw new Error(name);
      return name;
    };
  const results = await Promise.allSettled([
    besideOthers(work('a', true)),
    besideOthers(work('b')),
    alone(work('X', true)),
    besideOthers(work('c')),
    alone(work('Y')),
    besideOthers(work('d')),
  ]);
  expect(results.map(({ status }) => status)).toEqual([
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(seen.filter((names) => /[XY]/.test(names)).sort()).toEqual(['X', 'Y']);
  expect(seen).toContain('a+b');
});

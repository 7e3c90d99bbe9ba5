import { expect, test } from 'vitest';
import { type Running, supervise } from './supervise.js';

/** Something that can be told to die. */
function createMortal(): Running & { die(): void } {
  let end: () => void = () => {};
  const exited = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { exited, die: () => end(), stop: async () => end() };
}

test('what dies is started again, and stopping is not dying', async () => {
  const started: Array<ReturnType<typeof createMortal>> = [];
  const deaths: number[] = [];
  const supervised = await supervise({
    start: async () => {
      const one = createMortal();
      started.push(one);
      return one;
    },
    onDeath: (n) => deaths.push(n),
    tooOften: () => new Error('too often'),
  });
  expect(supervised.current()).toBe(started[0]);
  started[0]?.die();
  await until(() => supervised.current() === started[1] && started[1] !== undefined);
  await supervised.stop();
  expect({ starts: started.length, deaths }).toEqual({ starts: 2, deaths: [1] });
});

test('what keeps dying is given up', async () => {
  const supervised = await supervise({
    start: async () => {
      const one = createMortal();
      one.die();
      return one;
    },
    onDeath: () => {},
    tooOften: () => new Error('the loader service keeps stopping'),
    firstPauseMs: 1,
  });
  await expect(supervised.failed).rejects.toThrow('the loader service keeps stopping');
  await supervised.stop();
});

test('what cannot start at all is not tried again', async () => {
  await expect(
    supervise({
      start: () => Promise.reject(new Error('no such program')),
      onDeath: () => {},
      tooOften: () => new Error('too often'),
    }),
  ).rejects.toThrow('no such program');
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

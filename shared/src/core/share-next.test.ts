import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { shareNext } from './share-next.js';

/** Looks that end when the test says so. */
function looks() {
  const begun: Array<{ key: string; end(answer: string): void; fail(error: Error): void }> = [];
  const ask = shareNext(
    (key: string) =>
      new Promise<string>((end, fail) => {
        begun.push({ key, end, fail });
      }),
  );
  return { begun, ask, keys: () => begun.map(({ key }) => key) };
}

describe('looks are shared', () => {
  it('by all who come while one is under way: the next one, not that', async () => {
    const { begun, ask, keys } = looks();
    const first = ask('a');
    const late = [ask('a'), ask('a'), ask('a')];
    expect(keys()).toEqual(['a']);
    begun[0]?.end('valid');
    expect(await first).toBe('valid');
    await turn();
    expect(keys()).toEqual(['a', 'a']);
    // Revoked after the first look began: whoever came later learns of it.
    begun[1]?.end('revoked');
    expect(await Promise.all(late)).toEqual(['revoked', 'revoked', 'revoked']);
  });

  it('and a call that comes during the second look waits for a third', async () => {
    const { begun, ask, keys } = looks();
    const answers = [ask('a'), ask('a')];
    begun[0]?.end('1');
    await turn();
    answers.push(ask('a'), ask('a'));
    begun[1]?.end('2');
    await turn();
    begun[2]?.end('3');
    expect(await Promise.all(answers)).toEqual(['1', '2', '3', '3']);
    expect(keys()).toEqual(['a', 'a', 'a']);
  });

  it('by key', () => {
    const { ask, keys } = looks();
    void ask('a');
    void ask('b');
    expect(keys()).toEqual(['a', 'b']);
  });

  it('also when they fail, and the next one is a new try', async () => {
    const { begun, ask } = looks();
    const first = ask('a');
    const late = [ask('a'), ask('a')];
    begun[0]?.fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await turn();
    begun[1]?.fail(new Error('still away'));
    for (const answer of late) await expect(answer).rejects.toThrow('still away');
    await turn();
    const again = ask('a');
    begun[2]?.end('back');
    expect(await again).toBe('back');
  });

  it('by nobody when nobody else is there: each has its own, nothing is kept', async () => {
    const { begun, ask, keys } = looks();
    for (const [i, answer] of ['1', '2', '3'].entries()) {
      const asked = ask('a');
      begun[i]?.end(answer);
      expect(await asked).toBe(answer);
      await turn();
    }
    expect(keys()).toHaveLength(3);
  });
});

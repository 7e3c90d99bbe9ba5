import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOfSecret, hintOf, isWellFormed, newSecret } from './key-form.js';

test('a new key is of its form, and no two are alike', () => {
  const secrets = Array.from({ length: 200 }, newSecret);
  for (const secret of secrets) {
    expect(secret).toMatch(/^o2p_live_[0-9A-Za-z]{49}$/);
    expect(isWellFormed(secret)).toBe(true);
    expect(secret.startsWith(hintOf(secret))).toBe(true);
    expect(hintOf(secret)).toHaveLength(15);
  }
  expect(new Set(secrets.map((secret) => hashOfSecret(secret).toString('hex'))).size).toBe(200);
});

test('one mistyped character, two swapped ones, a cut or a lengthened key are noticed', () => {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  fc.assert(
    fc.property(fc.integer({ min: 9, max: 57 }), fc.constantFrom(...alphabet), (at, other) => {
      const secret = newSecret();
      fc.pre(secret[at] !== other);
      expect(isWellFormed(secret.slice(0, at) + other + secret.slice(at + 1))).toBe(false);
      const [a, b] = [secret[at - 1], secret[at]];
      if (at > 9 && a !== b)
        expect(isWellFormed(`${secret.slice(0, at - 1)}${b}${a}${secret.slice(at + 1)}`)).toBe(false);
    }),
  );
  for (const bad of [newSecret().slice(0, -1), `${newSecret()}x`, `x${newSecret()}`, '', 'o2p_live_'])
    expect(isWellFormed(bad)).toBe(false);
});

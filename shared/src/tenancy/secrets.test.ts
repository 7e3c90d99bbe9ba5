import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SetupError } from '../core/errors.js';
import { keyOfRing, parseMasterKey, seal, unseal, unsealWithRing } from './secrets.js';

const key = randomBytes(32);
const context = 'connection|17';

test('what was sealed opens to the same bytes, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (bytes, where) => {
      const plain = Buffer.from(bytes);
      expect(unseal(key, seal(key, plain, where), where)).toEqual(plain);
    }),
  );
});

test('the same secret never looks the same twice', () => {
  const plain = Buffer.from('token-4711');
  expect(seal(key, plain, context)).not.toEqual(seal(key, plain, context));
  expect(seal(key, plain, context).includes(plain)).toBe(false);
});

test('moved to another row, or opened with another key, it does not open', () => {
  const sealed = seal(key, Buffer.from('token-4711'), context);
  expect(() => unseal(key, sealed, 'connection|18')).toThrow();
  expect(() => unseal(key, sealed, '')).toThrow();
  expect(() => unseal(randomBytes(32), sealed, context)).toThrow();
  expect(unseal(key, sealed, context).toString()).toBe('token-4711');
});

test('one flipped bit anywhere is noticed: nonce, content, tag', () => {
  const sealed = seal(key, Buffer.from('token-4711'), context);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const bent = Buffer.from(sealed);
    bent.writeUInt8(bent.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(() => unseal(key, bent, context), `bit ${bit}`).toThrow();
  }
});

test('a cut or lengthened seal does not open', () => {
  const sealed = seal(key, Buffer.from('token-4711'), context);
  for (let length = 0; length < sealed.length; length++) {
    expect(() => unseal(key, sealed.subarray(0, length), context), `${length} bytes`).toThrow();
  }
  expect(() => unseal(key, Buffer.concat([sealed, Buffer.of(0)]), context)).toThrow();
});

test('a master key is 32 bytes in base64; its id tells keys apart and does not tell the key', () => {
  const parsed = parseMasterKey(key.toString('base64'));
  expect(parsed).toEqual({ id: expect.stringMatching(/^[0-9a-f]{12}$/), key, others: [] });
  expect(parseMasterKey(key.toString('base64')).id).toBe(parsed.id);
  expect(parseMasterKey(randomBytes(32).toString('base64')).id).not.toBe(parsed.id);
  expect(key.toString('hex')).not.toContain(parsed.id);
});

test('of a ring the current key seals and all open: by their id, or where none is noted by trying', () => {
  const [next, now, former] = Array.from({ length: 3 }, () => randomBytes(32).toString('base64')) as [
    string,
    string,
    string,
  ];
  const ring = parseMasterKey(now, ` ${former}, ${next},${now}`);
  expect(ring.others.map(({ id }) => id)).toEqual([former, next].map((text) => parseMasterKey(text).id));
  for (const text of [next, now, former]) {
    const { id, key: one } = parseMasterKey(text);
    expect(keyOfRing(ring, id)).toEqual(one);
    const sealed = seal(one, Buffer.from('a cookie'), context);
    expect(unsealWithRing(ring, sealed, context).toString()).toBe('a cookie');
    expect(() => unsealWithRing(ring, sealed, 'elsewhere')).toThrow();
  }
  const stranger = randomBytes(32);
  expect(() => unsealWithRing(ring, seal(stranger, Buffer.from('x'), context), context)).toThrow();
  expect(() => keyOfRing(ring, 'no-such-key')).toThrow(SetupError);
});

test('a key among the others that is none is refused, and not quoted', () => {
  const wrong = randomBytes(31).toString('base64');
  const attempt = () => parseMasterKey(key.toString('base64'), wrong);
  expect(attempt).toThrow(/^OCTOPIPE_OTHER_MASTER_KEYS must be 32 bytes in base64/);
  expect(attempt).not.toThrow(wrong);
});

test.each([
  ['nothing', ''],
  ['too short', randomBytes(31).toString('base64')],
  ['too long', randomBytes(33).toString('base64')],
  ['hex instead of base64', randomBytes(32).toString('hex')],
  ['a passphrase that decodes to 32 bytes', 'correct horse battery staple and some more words ab'],
])('a master key that is %s is refused in one sentence that does not quote it', (_what, text) => {
  let error: unknown;
  try {
    parseMasterKey(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(SetupError);
  expect((error as Error).message).toMatch(/^OCTOPIPE_MASTER_KEY must be 32 bytes in base64 \(.*\)\.$/);
  if (text !== '') expect((error as Error).message).not.toContain(text);
});

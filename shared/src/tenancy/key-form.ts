import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * `o2p_live_` + 43 characters base62 (256 random bits) + 6 characters base62 of the CRC-32 of what stands before: a
 * scanner recognises a leaked key by its form, and a mistyped one is told from an unknown one without a look-up.
 */
const prefix = 'o2p_live_';
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const secretLength = 43;
const checksumLength = 6;
const form = new RegExp(`^${prefix}[0-9A-Za-z]{${secretLength + checksumLength}}$`);

export function newSecret(): string {
  const body = prefix + base62(BigInt(`0x${randomBytes(32).toString('hex')}`), secretLength);
  return body + checksumOf(body);
}

/** True for a text that is a key by its form and checksum: it may still be unknown. */
export function isWellFormed(secret: string): boolean {
  return form.test(secret) && secret.endsWith(checksumOf(secret.slice(0, -checksumLength)));
}

/** The first characters, by which a person recognises a key in a list; 220 bits stay secret. */
export function hintOf(secret: string): string {
  return secret.slice(0, prefix.length + 6);
}

/** A random 256-bit key needs no slow hash. */
export function hashOfSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function checksumOf(body: string): string {
  return base62(BigInt(crc32(body)), checksumLength);
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = alphabet[Number(rest % 62n)] + text;
  return text;
}

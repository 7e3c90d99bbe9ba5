import { expect, test } from 'vitest';
import { parseDestination } from './destination.js';
import { readToken } from './read-token.js';

test('an address is taken with or without its scheme and path', () => {
  expect(parseDestination('acme.pipedrive.com')).toBe('https://acme.pipedrive.com');
  expect(parseDestination('https://acme.pipedrive.com/deals?x=1')).toBe('https://acme.pipedrive.com');
  expect(parseDestination('http://127.0.0.1:4010')).toBe('http://127.0.0.1:4010');
});

test.each(['ftp://acme.pipedrive.com', 'https://', 'a b c'])('%s is refused', (given) => {
  expect(() => parseDestination(given)).toThrow(/is not an address; name the account like/);
});

test('a login in the address is refused: it would end up in logs', () => {
  expect(() => parseDestination('https://me:secret@acme.pipedrive.com')).toThrow(/must not hold a login/);
});

test('the token comes from the option, standard input or the environment', () => {
  expect(readToken('abc', {})).toBe('abc');
  expect(readToken('-', {}, () => 'abc\n')).toBe('abc');
  expect(readToken(undefined, { PIPEDRIVE_API_TOKEN: 'abc' })).toBe('abc');
  expect(() => readToken(undefined, {})).toThrow(/A token is needed: pass --token/);
  expect(() => readToken('-', {}, () => '\n')).toThrow(/Standard input holds no token/);
  expect(() => readToken('a b', {})).toThrow(/blanks or line breaks/);
});

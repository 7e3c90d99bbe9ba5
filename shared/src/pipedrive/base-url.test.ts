import { describe, expect, it } from 'vitest';
import { parseBaseUrl } from './base-url.js';

describe('parseBaseUrl', () => {
  it.each([
    ['https://acme.pipedrive.com', 'https://acme.pipedrive.com'],
    ['acme.pipedrive.com', 'https://acme.pipedrive.com'],
    ['https://acme.pipedrive.com/api/v2/deals?x=1#y', 'https://acme.pipedrive.com'],
    ['http://127.0.0.1:4010', 'http://127.0.0.1:4010'],
  ])('takes %s', (given, origin) => {
    expect(parseBaseUrl(given, ['127.0.0.1']).origin).toBe(origin);
  });

  it.each([
    'http://acme.pipedrive.com',
    'https://pipedrive.com.evil.example',
    'https://acme.pipedrive.com.evil.example',
    'https://evil.example/acme.pipedrive.com',
    'https://acme.pipedrive.com@evil.example',
    'https://user:secret@acme.pipedrive.com',
    'https://acme.pipedrive.com:8443',
    'https://a.b.pipedrive.com',
    'https://127.0.0.1',
    'http://169.254.169.254/latest',
    'http://[::1]:80',
    'file:///etc/passwd',
    'ftp://acme.pipedrive.com',
    '',
    '  ',
  ])('refuses %s', (given) => {
    expect(() => parseBaseUrl(given, [])).toThrowError(
      expect.objectContaining({ code: 'not_a_pipedrive_host' }),
    );
  });

  it.each([
    'a1b2c3-token',
    'https://jo:a1b2c3-token@acme.pipedrive.com',
    'https://jo:a1b2c3-token@no host',
    'https://a1b2c3-token.example',
  ])('does not say what it refuses, which may be a secret in the wrong place: %s', (given) => {
    expect(() => parseBaseUrl(given, [])).not.toThrow('a1b2c3');
  });

  it('allows a test host by exact name only', () => {
    expect(() => parseBaseUrl('http://127.0.0.1.evil.example', ['127.0.0.1'])).toThrow();
  });
});

import { describe, expect, it } from 'vitest';
import { type AddressRules, guardedLookup, isPublic, parseWebhookUrl } from './guard-address.js';

const rules: AddressRules = { testHosts: ['receiver.test'], resolve: async () => [] };

describe('the address of a webhook', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.7',
    '203.0.113.9',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '2001:db8::1',
    '2001::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'ff02::1',
    'nonsense',
  ])('%s is not public', (address) => {
    expect(isPublic(address)).toBe(false);
  });

  it.each(['1.1.1.1', '93.184.216.34', '2606:4700::1111'])('%s is public', (address) => {
    expect(isPublic(address)).toBe(true);
  });

  it.each([
    'http://hooks.acme.example/x',
    'ftp://hooks.acme.example/x',
    'file:///etc/passwd',
    'gopher://hooks.acme.example/',
    'https://user:secret@hooks.acme.example/',
    'https://hooks.acme.example/#part',
    'https://hooks.acme.example:22/',
    'https://hooks.acme.example:6379/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://017700000001/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://①②⑦.0.0.1/',
    'javascript:alert(1)',
    'hooks.acme.example',
    '',
  ])('refuses %s', (text) => {
    expect(() => parseWebhookUrl(text, rules)).toThrow(/^The webhook's URL is refused/);
  });

  it.each([
    'https://hooks.acme.example/in?x=1',
    'https://hooks.acme.example:8443/',
    'http://receiver.test:9/x',
  ])('takes %s', (text) => {
    expect(parseWebhookUrl(text, rules).href).toBe(new URL(text).href);
  });

  it.each([
    ['one private address', ['10.0.0.1']],
    ['a private address beside a public one', ['1.1.1.1', '127.0.0.1']],
    ['no address', []],
  ])('a name with %s is not connected to', async (_what, addresses) => {
    await expect(resolveBy(addresses, 'https://rebind.example/')).rejects.toThrow(/not public|no address/);
  });

  it('connects to the address that was checked', async () => {
    expect(await resolveBy(['1.1.1.1'], 'https://fine.example/')).toBe('1.1.1.1');
    expect(await resolveBy(['127.0.0.1'], 'https://receiver.test/')).toBe('127.0.0.1');
  });
});

function resolveBy(addresses: string[], url: string): Promise<string> {
  const lookup = guardedLookup(new URL(url), {
    ...rules,
    resolve: async () => addresses.map((address) => ({ address, family: 4 })),
  });
  return new Promise((resolve, reject) =>
    lookup(new URL(url).hostname, {}, (error, address) => (error ? reject(error) : resolve(String(address)))),
  );
}

import { createServer, type Server } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AddressRules } from './guard-address.js';
import { postMessage } from './post-message.js';

/** What a name server of an attacker answers. */
const zone: Record<string, string[]> = {
  'loop.evil.example': ['127.0.0.1'],
  'meta.evil.example': ['169.254.169.254'],
  'ten.evil.example': ['10.0.0.1'],
  'home.evil.example': ['192.168.0.1'],
  'mapped.evil.example': ['::ffff:127.0.0.1'],
  'six.evil.example': ['::1'],
  'unique.evil.example': ['fd00::1'],
  'mixed.evil.example': ['93.184.216.34', '127.0.0.1'],
  'nothing.evil.example': [],
};
const rules: AddressRules = {
  testHosts: [],
  resolve: async (name) => (zone[name] ?? []).map((address) => ({ address, family: 4 })),
};
const literals =
  '127.0.0.1 127.1 0x7f.1 2130706433 017700000001 0.0.0.0 10.0.0.1 10.255.255.255 100.64.1.1 169.254.169.254 172.16.0.1 172.31.9.9 192.0.0.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 [::] [::1] [::ffff:127.0.0.1] [::ffff:a9fe:a9fe] [64:ff9b::7f00:1] [2001:db8::1] [2002:7f00:1::] [fc00::1] [fd00::1] [fe80::1] [ff02::1]'.split(
    ' ',
  );
const hostile = [
  ...literals.map((host) => `https://${host}/`),
  ...Object.keys(zone).map((host) => `https://${host}/`),
  ...['22', '25', '80', '3306', '5432', '6379', '9200', '11211'].map((port) => `https://ok.example:${port}/`),
  'http://ok.example/',
  'ftp://ok.example/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:6379/_FLUSHALL',
  'data:text/plain,x',
  'unix:/var/run/docker.sock',
  'https://user:pw@ok.example/',
  'https://ok.example@127.0.0.1/',
  'https://127.0.0.1#@ok.example/',
  'https://127.0.0.1%2f.ok.example/',
  '//127.0.0.1/',
  'https://',
];

afterEach(() => vi.restoreAllMocks());

describe('a hostile address', () => {
  it(`is never connected to: ${hostile.length} of them`, async () => {
    const attempts = watchConnections();
    const results = await Promise.all(hostile.map((url) => postMessage(url, '{}', {}, rules)));
    expect(hostile.length).toBeGreaterThanOrEqual(60);
    expect(results.filter((result) => result.kind !== 'failed')).toEqual([]);
    expect(attempts).toEqual([]);
  });
});

describe('a receiver', () => {
  let server: Server;
  let paths: string[];
  const mine: AddressRules = { ...rules, testHosts: ['127.0.0.1'] };
  const url = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  beforeEach(async () => {
    paths = [];
    server = createServer((req, res) => {
      paths.push(req.url ?? '');
      if (req.url === '/away') return res.writeHead(302, { location: '/elsewhere' }).end();
      if (req.url === '/flood') return res.writeHead(200).end('x'.repeat(200_000));
      return res.writeHead(req.url === '/no' ? 500 : 204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => server.close());

  it('that redirects is not followed, one that floods is cut off', async () => {
    expect(await postMessage(url('/in'), '{}', {}, mine)).toEqual({ kind: 'ok', status: 204 });
    expect(await postMessage(url('/no'), '{}', {}, mine)).toEqual({ kind: 'refused', status: 500 });
    expect(await postMessage(url('/away'), '{}', {}, mine)).toEqual({ kind: 'refused', status: 302 });
    expect(await postMessage(url('/flood'), '{}', {}, mine)).toMatchObject({ kind: 'failed' });
    expect(paths).toEqual(['/in', '/no', '/away', '/flood']);
  });

  it('is seen by the watch that the hostile ones are not seen by', async () => {
    const attempts = watchConnections();
    await postMessage(url('/in'), '{}', {}, mine);
    expect(attempts).toEqual(['127.0.0.1']);
  });
});

/** The addresses that sockets really set out for; a refused look-up never gets there. */
function watchConnections(): string[] {
  const attempts: string[] = [];
  const connect = Socket.prototype.connect;
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
    this.on('connectionAttempt', (address: string) => attempts.push(address));
    return connect.apply(this, args as never);
  });
  return attempts;
}

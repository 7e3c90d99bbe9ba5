import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { keepAliveMs, listen } from '@octopipe/shared/http/server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Gateway, keepUpstreamMs, startGateway } from './gateway.js';

let upstream: Server;
let upstreamUrl: string | undefined;
let gateway: Gateway;
/** What the upstream does with the next requests. */
let handle: Parameters<typeof createServer>[1];

beforeEach(async () => {
  upstream = createServer((req, res) => handle?.(req as never, res as never));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  gateway = await startGateway({
    port: 0,
    urlOf: (service) => (service === 'reporter' ? undefined : upstreamUrl),
  });
});
afterEach(async () => {
  await gateway.close();
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
});

test('path, query, method, headers, status and body pass through', async () => {
  handle = (req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', () => {
      res.writeHead(201, { 'content-type': 'application/json', etag: '"1"' });
      res.end(
        JSON.stringify({
          url: req.url,
          method: req.method,
          key: req.headers.authorization,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
  };
  const answer = await fetch(`${gateway.url}/v1/runs/7/pause?tenant=acme`, {
    method: 'POST',
    headers: { authorization: 'Bearer o2p_live_x' },
    body: '{"a":1}',
  });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('etag')).toBe('"1"');
  expect(await answer.json()).toEqual({
    url: '/v1/runs/7/pause?tenant=acme',
    method: 'POST',
    key: 'Bearer o2p_live_x',
    body: '{"a":1}',
  });
});

test('the gateway lets go of an idle connection long before the service does', async () => {
  const noApp = (() => {}) as unknown as Parameters<typeof listen>[0];
  const { server } = await listen(noApp, '127.0.0.1', 0);
  try {
    expect(server.keepAliveTimeout).toBe(keepAliveMs);
    expect(keepUpstreamMs).toBeLessThan(keepAliveMs / 2);
  } finally {
    server.close();
  }
});

test('an upload streams: the service has the first bytes before the caller has sent the last', async () => {
  let received = 0;
  let tellFirst: () => void = () => {};
  const first = new Promise<void>((resolve) => {
    tellFirst = resolve;
  });
  handle = (req, res) => {
    req.on('data', (chunk: Buffer) => {
      received += chunk.length;
      tellFirst();
    });
    req.on('end', () => res.writeHead(202).end('{}'));
  };
  async function* content() {
    yield Buffer.alloc(1_000_000);
    await first; // Would wait for ever behind a gateway that buffers.
    for (let at = 0; at < 20; at += 1) yield Buffer.alloc(1_000_000);
  }
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const call = request(`${gateway.url}/v1/migrations/1/exports`, { method: 'POST' }, (res) => {
      res.resume();
      resolve(res.statusCode);
    });
    call.on('error', reject);
    Readable.from(content()).pipe(call);
  });
  expect({ status, received }).toEqual({ status: 202, received: 21_000_000 });
});

test('a caller who drips on after the service has refused hears the answer, and is cut off', async () => {
  handle = (_req, res) => {
    res.writeHead(408, { 'content-type': 'application/problem+json', connection: 'close' });
    res.end('{"code":"body_too_slow"}');
  };
  const seen = await new Promise<object>((resolve, reject) => {
    let answer: object = {};
    const call = request(`${gateway.url}/v1/mappings`, { method: 'POST' }, async (res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of res) chunks.push(chunk as Buffer);
      answer = { status: res.statusCode, body: Buffer.concat(chunks).toString() };
    });
    const timer = setInterval(() => call.write('x'), 50);
    call.on('error', (error) => ('status' in answer ? undefined : reject(error)));
    call.on('socket', (socket) =>
      socket.on('close', () => {
        clearInterval(timer);
        resolve(answer);
      }),
    );
  });
  expect(seen).toEqual({ status: 408, body: '{"code":"body_too_slow"}' });
});

test('an event stream arrives event by event', async () => {
  let finish: () => void = () => {};
  handle = (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write('data: 1\n\n');
    finish = () => res.end('data: 2\n\n');
  };
  const answer = await fetch(`${gateway.url}/v1/runs/7/events`);
  const reader = answer.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n');
  finish();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 2\n\n');
  expect((await reader?.read())?.done).toBe(true);
});

describe('a service that is away is a problem, not a hang', () => {
  test('not started: 503', async () => {
    const answer = await fetch(`${gateway.url}/v1/reports/7`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({
      status: 503,
      code: 'service_away',
      detail: expect.stringContaining('reporter'),
    });
  });

  test('gone: 502', async () => {
    upstreamUrl = 'http://127.0.0.1:1';
    const answer = await fetch(`${gateway.url}/v1/runs/7`, { method: 'POST', body: 'x'.repeat(100_000) });
    expect(answer.status).toBe(502);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ status: 502, code: 'service_away' });
  });

  test('refused before the end of the upload: the refusal arrives', async () => {
    handle = (req, res) => {
      req.once('data', () => {
        res.writeHead(413, { 'content-type': 'application/problem+json' });
        res.end('{"code":"body_too_large"}');
        // What is still coming is read away: a reset would overtake the answer.
        req.resume();
      });
    };
    const answer = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const call = request(`${gateway.url}/v1/migrations/1/exports`, { method: 'POST' }, (res) => {
        let body = '';
        res.on('data', (chunk) => {
          body += chunk;
        });
        res.on('end', () => resolve({ status: res.statusCode, body }));
      });
      call.on('error', reject);
      Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(500_000))).pipe(call);
    });
    expect(answer).toEqual({ status: 413, body: '{"code":"body_too_large"}' });
  });

  test('gone in the middle of an answer: the caller sees the cut', async () => {
    handle = (_req, res) => {
      res.writeHead(200, { 'content-length': '100' });
      res.write('only the start');
      setTimeout(() => res.destroy(), 20);
    };
    const answer = await fetch(`${gateway.url}/v1/runs/7`);
    await expect(answer.text()).rejects.toThrow();
  });
});

test('a caller who leaves ends the upstream call', async () => {
  const left = new Promise<void>((resolve) => {
    handle = (req, res) => {
      res.write('start');
      req.on('close', resolve);
    };
  });
  const controller = new AbortController();
  await fetch(`${gateway.url}/v1/runs/7`, { signal: controller.signal });
  controller.abort();
  await left;
});

test('unknown paths are 404, and a prefix ends at a slash', async () => {
  handle = (_req, res) => res.end('reached');
  for (const path of ['/v1/runsX', '/v2/runs', '/etc/passwd', '//v1/runs']) {
    const answer = await fetch(`${gateway.url}${path}`);
    expect([path, answer.status]).toEqual([path, 404]);
  }
  expect(await (await fetch(`${gateway.url}/v1/runs`)).text()).toBe('reached');
  const root = await fetch(gateway.url, { redirect: 'manual' });
  expect([root.status, root.headers.get('location')]).toEqual([302, '/console']);
});

test('health: alive by itself, ready when all four are', async () => {
  handle = (req, res) => res.writeHead(req.url === '/readyz' ? 200 : 500).end('{}');
  expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
  const ready = await fetch(`${gateway.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ status: 'not ready', failed: ['reporter'] });
});

test('a taken port is one clear sentence', async () => {
  await expect(startGateway({ port: gateway.port, urlOf: () => undefined })).rejects.toThrow(
    `Port ${gateway.port} on 127.0.0.1 is taken; choose another with --port`,
  );
});

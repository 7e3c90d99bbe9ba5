import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '@octopipe/shared/embedded/free-port';
import { nodeFlags } from '@octopipe/shared/embedded/node-flags';
import { spawnWatched } from '@octopipe/shared/embedded/spawn-watched';
import { afterEach, expect, test } from 'vitest';

// The build, as docker-compose runs it (`npm test` builds first).
const main = fileURLToPath(new URL('../dist/bundle/gateway-main.js', import.meta.url));

let service: Server | undefined;
afterEach(() => {
  service?.closeAllConnections();
  service?.close();
});

test('told to end it lets an upload go on, ends event streams, and is gone when the last request is', async () => {
  service = createServer((req, res) => {
    if (req.method === 'GET') {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('data: 1\n\n');
      return;
    }
    let bytes = 0;
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    req.on('end', () => res.writeHead(202).end(String(bytes)));
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const serviceUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const port = await findFreePort();
  const gateway = await spawnWatched(process.execPath, [...nodeFlags, main], {
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      INGEST_URL: serviceUrl,
      TRANSFORM_URL: serviceUrl,
      LOADER_URL: serviceUrl,
      REPORTER_URL: serviceUrl,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(gateway.child.stdout ?? expect.fail('no pipe'), 'data');
  const url = `http://127.0.0.1:${port}`;

  const stream = await fetch(`${url}/v1/runs/7/events`);
  const reader = stream.body?.getReader();
  await reader?.read();
  const body = new PassThrough();
  const answered = new Promise<string>((resolve, reject) => {
    const call = request(`${url}/v1/migrations/1/exports`, { method: 'POST' }, (res) => {
      let text = `${res.statusCode} `;
      res.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      res.on('end', () => resolve(text));
    });
    call.on('error', reject);
    body.pipe(call);
  });
  body.write(Buffer.alloc(1_000));
  await fetch(`${url}/livez`);

  gateway.kill('SIGTERM');
  await expect(reader?.read()).rejects.toThrow();
  await expect.poll(() => fetch(`${url}/livez`).catch(() => 'refused'), { timeout: 10_000 }).toBe('refused');
  // Longer than the 2 s that a person is made to wait at most.
  await sleep(2_500);
  body.end(Buffer.alloc(1_000));
  expect(await answered).toBe('202 2000');
  expect(await gateway.exited).toEqual({ code: 0, signal: null });
});

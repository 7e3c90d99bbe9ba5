import { randomBytes } from 'node:crypto';
import type { RunningService } from '@octopipe/shared/service/service';
import { parseMasterKey } from '@octopipe/shared/tenancy/secrets';
import { createTestDatabase, type TestDatabase } from '@octopipe/shared/testing/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { create } from '../service.js';

let testDatabase: TestDatabase;
let service: RunningService;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  service = await create({
    db: { url: testDatabase.url, poolSize: 4 },
    queue: { redisUrl: undefined, concurrency: 1, sweepIntervalMs: 3_600_000, lockMs: 10_000 },
    files: { root: '/nowhere' },
    http: { host: '127.0.0.1', port: 0 },
    log: { level: 'error' },
    masterKey: parseMasterKey(randomBytes(32).toString('base64')),
  });
});

afterAll(async () => {
  await service.destroy();
  await testDatabase.drop();
});

test('the document speaks of the routes that run', async () => {
  const answer = await fetch(`${service.url}/openapi.json`);
  const document = (await answer.json()) as { openapi: string; paths: Record<string, object> };
  expect([answer.status, document.openapi]).toEqual([200, '3.1.1']);
  expect(Object.keys(document.paths)).toContain('/v1/reports/{runId}');
});

test.each(['/docs', '/docs/errors'])('%s asks nobody else for anything', async (path) => {
  const answer = await fetch(`${service.url}${path}`);
  const page = await answer.text();
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
  expect(answer.headers.get('content-security-policy')).not.toMatch(/https?:/);
  const asked = [...page.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, url]) => url ?? '');
  expect(asked.filter((url) => !url.startsWith('/'))).toEqual([]);
  for (const url of asked) expect([url, (await fetch(service.url + url)).status]).toEqual([url, 200]);
});

test('there is nothing else among the assets', async () => {
  for (const name of ['package.json', '..%2Fpackage.json', 'constructor'])
    expect((await fetch(`${service.url}/docs/assets/${name}`)).status).toBe(404);
});

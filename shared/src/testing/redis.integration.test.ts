import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { NO_REDIS, startTestRedis } from './redis.js';

test('an empty Redis that is gone after stop', async ({ skip }) => {
  const redis = await startTestRedis();
  if (redis === undefined) return skip(NO_REDIS);
  const client = new Redis(redis.url);
  expect(await client.dbsize()).toBe(0);
  await client.quit();
  await redis.stop();
  const late = new Redis(redis.url, { lazyConnect: true, retryStrategy: () => null });
  late.on('error', () => {});
  await expect(late.connect()).rejects.toThrow();
});

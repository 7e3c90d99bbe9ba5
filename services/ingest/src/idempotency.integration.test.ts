import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@octopipe/shared/db/index';
import { findFreePort } from '@octopipe/shared/embedded/free-port';
import { nodeFlags } from '@octopipe/shared/embedded/node-flags';
import { spawnWatched, type WatchedProcess } from '@octopipe/shared/embedded/spawn-watched';
import { createApiKey } from '@octopipe/shared/tenancy/api-key';
import { createTestDatabase } from '@octopipe/shared/testing/postgres';
import pg from 'pg';
import { expect, test } from 'vitest';

/**
 * Many repeats of few requests against real ingest processes that are killed meanwhile. `npm run prove:idempotency`
 * runs it with 10,000 repeats, 500 keys, 20 kills and 1,000 callers at once. Two effects: `POST /v1/keys` has nothing of its own that would
 * keep it from doubling; `POST /v1/migrations` finds what is there, and its answer is kept after its effect.
 */
const [repeats = 1_000, keys = 50, kills = 2, callers = 24] = (process.env.OCTOPIPE_PROVE ?? '')
  .split('/')
  .filter(Boolean)
  .map(Number);

test(`${repeats} repeats over ${keys} keys with ${kills} kills: ${keys} effects, each answered with the same bytes`, async () => {
  const stack = await startStack();
  try {
    const order = Array.from({ length: repeats }, (_, n) => n % keys).sort(() => Math.random() - 0.5);
    const answers = new Map<number, Set<string>>();
    const seen = { 200: 0, 201: 0, replayed: 0, inFlight: 0, away: 0 };
    let done = 0;
    let killed = 0;
    const startedAt = Date.now();
    const client = async () => {
      for (let n = order.pop(); n !== undefined; n = order.pop()) {
        const answer = await sendUntilAnswered(stack.url, stack.key, n, seen);
        answers.set(n, (answers.get(n) ?? new Set()).add(answer));
        done += 1;
        if (killed < kills && done >= ((killed + 1) * repeats) / (kills + 1)) {
          killed += 1;
          await stack.kill();
        }
      }
    };
    await Promise.all(Array.from({ length: callers }, client));

    expect([...answers.values()].map((bytes) => bytes.size)).toEqual(Array.from({ length: keys }, () => 1));
    const labels = await stack.query(
      `select label from core.api_key where label like 'proof-%'
       union all select reference from ingest.migration where reference like 'proof-%'`,
    );
    expect(labels.map(({ label }) => label).sort()).toEqual(
      Array.from({ length: keys }, (_, n) => `proof-${n}`).sort(),
    );
    for (let n = 0; n < keys; n++) {
      const other = await send(stack.url, stack.key, n, ' changed');
      expect([other.status, (await other.json()) as object]).toMatchObject([
        422,
        { code: 'idempotency_key_reused' },
      ]);
    }
    expect({ killed, done }).toEqual({ killed: kills, done: repeats });
    process.stdout.write(
      `idempotency: ${done} answers in ${((Date.now() - startedAt) / 1000).toFixed(1)} s, ${killed} kills, ${labels.length} effects; ` +
        `${seen.replayed} replayed, ${seen.inFlight} times in flight, ${seen.away} times away\n`,
    );
  } finally {
    await stack.stop();
  }
}, 900_000);

test('a test message whose request died after its commit is not sent again by the repeat', async () => {
  const route = '/v1/webhooks/:id/test';
  const stack = await startStack({ OCTOPIPE_FAILPOINT: `http.before_keep@POST ${route}` });
  try {
    const post = (path: string, body: object, key: string) =>
      fetch(`${stack.url}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${stack.key}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify(body),
      });
    await post('/v1/migrations', { tenant: 'proof', reference: 'r', name: 'Proof' }, 'open');
    const hook = await post('/v1/webhooks?tenant=proof', { url: 'https://receiver.example.com/' }, 'hook');
    const { id } = (await hook.json()) as { id: string };
    const send = () => post(`/v1/webhooks/${id}/test?tenant=proof`, {}, 'test-1');
    await expect(send()).rejects.toThrow();
    await stack.startAgain();
    const [first] = await stack.query('select id::text as label from ingest.webhook_delivery');
    // Well after the lease, as of a caller who was away.
    await sleep(2_000);
    const repeated = await send();
    expect([repeated.status, ((await repeated.json()) as { id: string }).id]).toEqual([202, first?.label]);
    expect(await stack.query('select id::text as label from ingest.webhook_delivery')).toEqual([first]);
  } finally {
    await stack.stop();
  }
}, 300_000);

/** Even numbers make keys, odd ones open migrations. */
function send(url: string, key: string, n: number, change = ''): Promise<Response> {
  const [route, body] =
    n % 2 === 0
      ? ['/v1/keys', { role: 'operator', label: `proof-${n}${change}` }]
      : ['/v1/migrations', { tenant: 'proof', reference: `proof-${n}`, name: `Proof ${n}${change}` }];
  return fetch(`${url}${route}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'idempotency-key': `key-${n}`,
    },
    body: JSON.stringify(body),
  });
}

/**
 * As a good client does: the same request again while the service is away or another one carries it out, each time after
 * a longer rest of its own choice, so that thousands do not come back together.
 */
async function sendUntilAnswered(
  url: string,
  key: string,
  n: number,
  seen: Record<'200' | '201' | 'replayed' | 'inFlight' | 'away', number>,
): Promise<string> {
  for (let restMs = 50; ; restMs = Math.min(restMs * 2, 5_000)) {
    try {
      const answer = await send(url, key, n);
      const bytes = Buffer.from(await answer.arrayBuffer());
      if (answer.status === 200 || answer.status === 201) {
        seen[answer.status] += 1;
        if (answer.headers.get('idempotency-replayed') === 'true') seen.replayed += 1;
        return `${answer.status} ${createHash('sha256').update(bytes).digest('hex')}`;
      }
      if (answer.status === 409) seen.inFlight += 1;
      else if (answer.status === 503) seen.away += 1;
      else throw new Error(`unexpected ${answer.status}: ${bytes.toString()}`, { cause: 'answer' });
    } catch (error) {
      if (error instanceof Error && error.cause === 'answer') throw error;
      seen.away += 1;
    }
    await sleep(Math.random() * restMs);
  }
}

async function startStack(first: Record<string, string> = {}) {
  const database = await createTestDatabase();
  const filesDir = await mkdtemp(path.join(tmpdir(), 'octopipe-proof-'));
  const admin = openDatabase(database.url, { max: 2, onError: () => {}, applicationName: 'proof' });
  const key = await createApiKey(admin.db, {
    role: 'operator',
    label: 'prover',
    requestsPerMinute: 1_000_000,
  });
  await admin.destroy();
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    PATH: process.env.PATH ?? '',
    DATABASE_URL: database.url,
    OCTOPIPE_MASTER_KEY: randomBytes(32).toString('base64'),
    OCTOPIPE_FILES_DIR: filesDir,
    PORT: String(port),
    LOG_LEVEL: 'error',
    IDEMPOTENCY_LEASE_MS: '1500',
  };
  const start = (more: Record<string, string> = {}) =>
    spawnWatched(
      process.execPath,
      [...nodeFlags, fileURLToPath(new URL('../dist/bundle/main.js', import.meta.url))],
      {
        env: { ...env, ...more },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
  let ingest: WatchedProcess = await start(first);
  await ready(url);
  return {
    url,
    key,
    async kill() {
      ingest.kill('SIGKILL');
      await ingest.exited;
      ingest = await start();
    },
    /** After it has died by itself. */
    async startAgain() {
      await ingest.exited;
      ingest = await start();
      await ready(url);
    },
    async query(text: string): Promise<Array<{ label: string }>> {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      try {
        return (await client.query(text)).rows;
      } finally {
        await client.end();
      }
    },
    async stop() {
      await ingest.stop();
      await database.drop();
      await rm(filesDir, { recursive: true, force: true });
    },
  };
}

async function ready(url: string): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(50)) {
    if (
      await fetch(`${url}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return;
  }
  throw new Error('ingest was not ready within a minute');
}

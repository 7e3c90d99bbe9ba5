import { sleep } from './clock.js';

const awayCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  // Where a name stands for it: a stopped container, or a Service without a ready pod, has no address.
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  // All its connections are taken.
  '53300',
  '57P01',
  '57P02',
  '57P03',
  '08006',
  '08003',
  '08001',
]);

/** True for the errors pg, the socket layer and the resolver give when Postgres is down, restarting or not to be found. */
export function isDatabaseAway(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && typeof error.code === 'string' && awayCodes.has(error.code)) return true;
  return (
    error instanceof Error &&
    /Connection terminated|not queryable|timeout exceeded when trying to connect/.test(error.message)
  );
}

const askAgainMs = 500;

/**
 * For what a process knows and nobody else: repeats the work until the database is there to take it, and throws whatever
 * else goes wrong. The work must be repeatable: a commit may have arrived although its answer did not. There is no
 * limit on purpose, as nothing else can be done meanwhile; a process that is stopped cuts it off (see service.ts).
 */
export async function onceDatabaseAnswers<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
    }
    await sleep(askAgainMs);
  }
}

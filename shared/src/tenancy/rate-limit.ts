import { sql } from 'kysely';
import { type Database, inSystemTransaction, type Tx } from '../db/index.js';
import type { Rate, RateLimiter } from '../http/rate-limit.js';
import type { Caller, Role } from './api-key.js';

/** Requests a minute, over all services together. A key may have a limit of its own (`requests_per_minute`). */
export const requestsPerMinute: Record<Role, number> = {
  // Asks for estimates for its own visitors: 250 a second.
  portal: 15_000,
  // Dozens of migrations at once, each followed by a program.
  operator: 6_000,
  // People and their scripts.
  tenant_admin: 1_200,
  viewer: 1_200,
};

/**
 * A process takes its share of a minute in slices, so that the row in Postgres is written about `slicesPerMinute` times
 * a minute and process and not once per request. What is left of a slice at the end of the minute is lost: a key may
 * get a little less than its limit when several processes serve it, never more.
 */
const slicesPerMinute = 20;

interface Slice {
  left: number;
  /** What the others may still take, as of our last look. */
  unclaimed: number;
  endsAt: number;
  /** The keys of the family whose use in this minute is noted: after a rotation there are several. */
  noted: Set<string>;
  /** One process asks once, however many of its requests wait for the answer. */
  refill: Promise<void> | undefined;
}

export function openRateLimiter(db: Database): RateLimiter {
  const slices = new Map<string, Slice>();
  return {
    async take(caller) {
      const limit = caller.requestsPerMinute ?? requestsPerMinute[caller.role];
      for (;;) {
        const slice = sliceOf(slices, caller.familyId);
        if (performance.now() < slice.endsAt) {
          if (!slice.noted.has(caller.keyId)) await noteUse(db, caller.keyId, slice);
          if (slice.left > 0) {
            slice.left -= 1;
            return rate(slice, limit, true);
          }
          if (slice.unclaimed <= 0) return rate(slice, limit, false);
        }
        slice.refill ??= refill(db, caller, limit, slice).finally(() => {
          slice.refill = undefined;
        });
        await slice.refill;
      }
    },
  };
}

function sliceOf(slices: Map<string, Slice>, familyId: string): Slice {
  const known = slices.get(familyId);
  if (known) return known;
  // Idle keys need no memory: whoever comes back starts with an empty slice.
  if (slices.size > 10_000) slices.clear();
  const slice = { left: 0, unclaimed: 0, endsAt: 0, noted: new Set<string>(), refill: undefined };
  slices.set(familyId, slice);
  return slice;
}

function rate(slice: Slice, limit: number, granted: boolean): Rate {
  return {
    granted,
    limit,
    windowSeconds: 60,
    remaining: Math.max(slice.left + slice.unclaimed, 0),
    resetSeconds: Math.max(1, Math.ceil((slice.endsAt - performance.now()) / 1000)),
  };
}

/** An operator looks at this before revoking a former key: whether it is granted or over its limit, it is in use. */
async function noteUse(db: Database, keyId: string, slice: Slice): Promise<void> {
  slice.noted.add(keyId);
  try {
    await inSystemTransaction(db, (tx) => setLastUsed(tx, keyId));
  } catch (error) {
    slice.noted.delete(keyId);
    throw error;
  }
}

async function setLastUsed(tx: Tx, keyId: string): Promise<void> {
  await tx.updateTable('core.apiKey').set({ lastUsedAt: sql<Date>`now()` }).where('id', '=', keyId).execute();
}

/** Takes a slice of the running minute by the database's clock, and notes that the key was used. */
async function refill(db: Database, caller: Caller, limit: number, slice: Slice): Promise<void> {
  const wanted = Math.ceil(limit / slicesPerMinute);
  const { row, resetMs } = await inSystemTransaction(db, async (tx) => {
    const window = sql<Date>`date_trunc('minute', now())`;
    const { rows } = await sql<{ used: number; resetMs: number }>`
      insert into core.rate_use as use (family_id, window_start, used) values (${caller.familyId}, ${window}, ${wanted})
      on conflict (family_id) do update set
        used = case when use.window_start = excluded.window_start then use.used else 0 end + excluded.used,
        window_start = excluded.window_start
      where use.window_start <> excluded.window_start or use.used < ${limit}
      returning used`.execute(tx);
    const { resetMs } = (
      await sql<{ resetMs: number }>`
        select (extract(epoch from date_trunc('minute', now()) + interval '1 minute' - now()) * 1000)::float8 as reset_ms`.execute(
        tx,
      )
    ).rows[0] ?? { resetMs: 1_000 };
    await setLastUsed(tx, caller.keyId);
    return { row: rows[0], resetMs };
  });
  // A slice of the same minute, or the first of the next one.
  if (performance.now() >= slice.endsAt) slice.noted.clear();
  slice.noted.add(caller.keyId);
  slice.endsAt = performance.now() + resetMs;
  slice.left = row ? wanted - Math.max(row.used - limit, 0) : 0;
  slice.unclaimed = row ? Math.max(limit - row.used, 0) : 0;
}

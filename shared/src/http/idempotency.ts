import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { hashOf } from '../core/canonical-json.js';
import { Problem } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { Tx } from '../db/index.js';

/**
 * `Idempotency-Key`: a POST that is sent again is carried out once. The states of a key, per key family and route:
 *
 *   (none) → running → done        the first request claims it, does the work, and keeps its answer
 *   running → running (fence + 1)  the process that held it died: after its lease a repeat of the same request takes it over
 *   running → (none)               the answer was a problem: nothing was done, so nothing is remembered
 *   done → (none)                  after its day
 *
 * The kept bytes are what every repeat gets. If a process dies between the effect and the keeping, the repeat runs the
 * handler again: handlers whose effect would double keep their answer in the effect's own transaction (`remember`), the
 * others find what is there by its unique key and answer it. A process that was only slow and lost its lease cannot
 * keep any more: with `remember` its effect is rolled back.
 */
export interface IdempotencyStore {
  leaseMs: number;
  claim(wanted: Wanted): Promise<Claimed>;
  /** Prolongs the lease; false when somebody else has it now. */
  renew(claim: Claim): Promise<boolean>;
  /** False when somebody else has the key now. Inside `tx` it commits or fails with it. */
  keep(claim: Claim, answer: KeptAnswer, tx?: Tx): Promise<boolean>;
  release(claim: Claim): Promise<void>;
}

export interface Wanted {
  familyId: string;
  /** `POST /v1/runs`: the same key on another route is another key. */
  route: string;
  key: string;
  tenantId: string | null;
  requestHash: Buffer;
}

export interface Claim {
  id: string;
  fence: string;
}

export interface KeptAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** Of a streamed request body: known only when it has been read. */
  bodyHash: Buffer | null;
  /** Of a call that opened its tenant. */
  tenantId?: string;
}

export type Claimed =
  | { kind: 'mine'; claim: Claim }
  | { kind: 'running'; requestHash: Buffer; retryAfterMs: number }
  | { kind: 'done'; requestHash: Buffer; answer: KeptAnswer };

/** The key of a request, or undefined when it has none. */
export function idempotencyKeyOf(req: Request): string | undefined {
  const key = req.get('idempotency-key');
  if (key === undefined) return undefined;
  // The draft makes it a quoted string; most clients send it bare. Both name the same key.
  const bare = key.replace(/^"(.*)"$/, '$1');
  if (/^[\x21-\x7e]{1,255}$/.test(bare)) return bare;
  throw new Problem(422, 'invalid_request', 'The Idempotency-Key is not 1 to 255 visible ASCII characters.', [
    { pointer: '/header/Idempotency-Key', message: '1 to 255 visible ASCII characters' },
  ]);
}

/** What makes two requests the same: path, query and body in canonical form, so that the order of keys does not matter. */
export function requestHashOf(request: { params: unknown; query: unknown; body: unknown }): Buffer {
  const { params, query, body } = request;
  return Buffer.from(hashOf({ params, query, body: body === undefined ? null : body }), 'hex');
}

/** Reads a streamed body to its end for its hash alone: a repeat of an upload is compared, not stored again. */
export async function hashOfStream(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest();
}

/** The answer of a key that is not ours to carry out; throws the Problem that says why there is none. */
export async function replayOf(
  claimed: Exclude<Claimed, { kind: 'mine' }>,
  requestHash: Buffer,
  streamHash: () => Promise<Buffer>,
): Promise<KeptAnswer> {
  if (!claimed.requestHash.equals(requestHash)) throw keyReused();
  if (claimed.kind === 'running') throw inFlight(claimed.retryAfterMs);
  const { bodyHash } = claimed.answer;
  if (bodyHash !== null && !bodyHash.equals(await streamHash())) throw keyReused();
  return claimed.answer;
}

/** Keeps the lease alive while the work lasts (an upload may take an hour). */
export async function withLease<T>(
  store: IdempotencyStore,
  claim: Claim,
  log: Logger,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setInterval(() => {
    store.renew(claim).then(
      (held) => {
        if (!held) log.warn('lost the lease of an idempotency key');
      },
      // Postgres is away for a moment; the next beat tries again, and keeping the answer decides.
      (error: unknown) => log.warn({ err: error }, 'could not renew the lease of an idempotency key'),
    );
  }, store.leaseMs / 3);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

export function inFlight(retryAfterMs: number): Problem {
  return new Problem(
    409,
    'request_in_flight',
    'A request with this Idempotency-Key is being carried out; send it again for its answer.',
    [],
    { headers: { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) } },
  );
}

function keyReused(): Problem {
  return new Problem(
    422,
    'idempotency_key_reused',
    'This Idempotency-Key was used for another request on this route; take a new one for a new request.',
  );
}

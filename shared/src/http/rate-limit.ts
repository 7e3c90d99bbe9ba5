import type { Response } from 'express';
import { Problem } from '../core/errors.js';
import type { Caller } from '../tenancy/api-key.js';

export interface Rate {
  granted: boolean;
  limit: number;
  windowSeconds: number;
  remaining: number;
  resetSeconds: number;
}

export interface RateLimiter {
  take(caller: Caller): Promise<Rate>;
}

/**
 * Takes one request off the key's minute and says so in the fields of the IETF draft (draft-ietf-httpapi-ratelimit-headers):
 * `RateLimit-Policy` is the rule, `RateLimit` what is left of it. 429 comes with `Retry-After`.
 */
export async function takeOne(limiter: RateLimiter, caller: Caller, res: Response): Promise<void> {
  const rate = await limiter.take(caller);
  res.setHeader('ratelimit-policy', `"per-key";q=${rate.limit};w=${rate.windowSeconds}`);
  res.setHeader('ratelimit', `"per-key";r=${rate.remaining};t=${rate.resetSeconds}`);
  if (rate.granted) return;
  throw new Problem(
    429,
    'too_many_requests',
    `This key may send ${rate.limit} requests a minute; the next minute begins in ${rate.resetSeconds} s.`,
    [],
    { headers: { 'retry-after': String(rate.resetSeconds) } },
  );
}

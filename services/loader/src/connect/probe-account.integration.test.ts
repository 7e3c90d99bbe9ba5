import type { Problem } from '@octopipe/shared/core/errors';
import { type RunningSimulator, startSimulator } from '@octopipe/simulator/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeAccount } from './probe-account.js';

describe('the first look at an account', () => {
  let sim: RunningSimulator;
  beforeAll(async () => {
    sim = await startSimulator({ plan: 'premium', seats: 3 });
  });
  afterAll(() => sim.close());

  const look = (change: Partial<Parameters<typeof probeAccount>[0]> = {}) =>
    probeAccount({ baseUrl: sim.url, apiToken: sim.token, timeoutMs: 2_000, ...change });
  const control = (what: string, body: unknown) =>
    fetch(`${sim.url}/__sim/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('reads the plan from the rate limit header and the seats from the users', async () => {
    expect(await look()).toMatchObject({
      plan: 'premium',
      seats: 3,
      planSource: 'plan from rate limit header, seats from active users',
      dailyLimit: 450_000,
      burstLimit: 100,
      clockSkewMs: 0,
    });
  });

  it('lets the caller win', async () => {
    expect(await look({ plan: 'growth', seats: 9 })).toMatchObject({
      plan: 'growth',
      seats: 9,
      planSource: 'plan from caller, seats from caller',
      // What the account itself says of its day is still the truth.
      dailyLimit: 450_000,
    });
  });

  it('takes the smallest plan when no header names one it knows', async () => {
    await control('reset', { requests_per_2s: 77, switches: { daily_headers: 'absent' } });
    expect(await look()).toMatchObject({
      plan: 'lite',
      seats: 3,
      planSource: 'plan from default, seats from active users',
      dailyLimit: 90_000,
      burstLimit: 77,
    });
    await control('reset', {});
  });

  it('learns how far the account’s clock is off', async () => {
    await control('clock', { advance_ms: 3_600_000 });
    expect(Math.abs((await look()).clockSkewMs - 3_600_000)).toBeLessThan(3_000);
    await control('reset', {});
  });

  it.each([
    ['a wrong token', () => look({ apiToken: 'wrong' }), 422, 'token_refused'],
    ['nobody there', () => look({ baseUrl: 'http://127.0.0.1:9' }), 502, 'account_unreachable'],
  ])('%s is told, without the token', async (_what, ask, status, code) => {
    const problem = await ask().catch((error: unknown) => error);
    expect(problem).toMatchObject({ status, code });
    expect(JSON.stringify(problem) + String(problem)).not.toContain('wrong');
  });

  it('a token of a user who is no admin is refused, whatever they see today', async () => {
    await control('caller', { admin: false });
    await expect(look()).rejects.toMatchObject({ status: 422, code: 'token_not_admin' });
    await control('caller', { admin: true });
    expect(await look()).toMatchObject({ seats: 3 });
  });

  it('a hiccup is tried again, a lasting one is told', async () => {
    await control('faults', { rules: [{ operation: 'getUsers', kind: 'reset-after', times: 1 }] });
    expect((await look()).seats).toBe(3);
    await control('faults', { rules: [{ operation: 'getUsers', kind: '429' }] });
    await expect(look()).rejects.toMatchObject({
      status: 503,
      code: 'account_busy',
      more: { headers: { 'retry-after': expect.stringMatching(/^[1-9]\d*$/) } },
    });
    await control('faults', { rules: [] });
  });

  it('a spent day is over at the reset of the account’s own clock', async () => {
    await control('clock', { set: '2026-11-24T21:30:00.000Z' });
    await control('spend', { tokens: 1_000_000 });
    const problem = (await look().catch((error: unknown) => error)) as Problem;
    expect(problem).toMatchObject({ status: 503, code: 'account_busy' });
    const wait = Number(problem.more.headers?.['retry-after']);
    expect(Math.abs(wait - 2.5 * 3600)).toBeLessThan(60);
    await control('reset', {});
  });
});

import { describe, expect, it } from 'vitest';
import { expectExactlyOnce } from '../testing/expect-exactly-once.js';
import { createLoaderRig } from '../testing/loader-rig.js';
import { connect, control, faultsLeft, runReaches, startRun, until } from '../testing/loader-run.js';

describe('an account whose day is spent', () => {
  it('parks the run, makes no call but a rare look, and goes on by itself the next day', async () => {
    const rig = await createLoaderRig({ simulator: { plan: 'lite', seats: 1 } });
    try {
      const loader = await rig.startLoader({ REQUEST_TIMEOUT_MS: '10000', LEASE_MS: '15000' });
      await connect(rig, loader);
      // Lite × 1: 30,000 a day, 24,000 of them ours. Others spend so much that the run's few hundred do not fit.
      await control(rig, 'spend', { tokens: 23_750 });
      const run = await startRun(rig, loader);
      const parked = await runReaches(loader, run.id, ['waiting_budget', 'done', 'failed', 'waiting_person']);
      expect(parked.status).toBe('waiting_budget');
      expect(parked.resume_at).not.toBeNull();
      const before = await requestCount(rig.sim.url);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      // One look per BUDGET_PROBE_MS (400 in tests), nothing else.
      expect((await requestCount(rig.sim.url)) - before).toBeLessThanOrEqual(5);
      expect((await runReaches(loader, run.id, ['waiting_budget', 'running', 'done'])).status).toBe(
        'waiting_budget',
      );
      // Paused while one of these looks finds the new day: it stays so until somebody resumes it.
      const look = { operation: 'getCurrentUser', kind: 'delay', times: 1, delay_ms: 2_000 };
      await control(rig, 'faults', { rules: [look] });
      await control(rig, 'clock', { advance_ms: 24 * 3_600_000 });
      await until(async () => (await faultsLeft(rig)).length === 0);
      expect((await loader.api('POST', `/v1/runs/${run.id}/pause`, {})).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect((await loader.api('GET', `/v1/runs/${run.id}`)).body.status).toBe('paused');
      expect((await loader.api('POST', `/v1/runs/${run.id}/resume`, {})).status).toBe(200);
      await expectExactlyOnce(rig, await runReaches(loader, run.id, ['done', 'failed', 'waiting_person']));
    } finally {
      await rig.close();
    }
  });
});

async function requestCount(url: string): Promise<number> {
  const counts = (await (await fetch(`${url}/__sim/requests`)).json()) as {
    operations?: Record<string, Record<string, number>>;
  };
  return Object.values(counts.operations ?? {}).reduce(
    (sum, byStatus) => sum + Object.values(byStatus).reduce((a, b) => a + b, 0),
    0,
  );
}

import { describe, expect, it } from 'vitest';
import { expectExactlyOnce } from '../testing/expect-exactly-once.js';
import { createLoaderRig } from '../testing/loader-rig.js';
import { connect, control, loadToEnd, runReaches, startRun } from '../testing/loader-run.js';

describe('what the documentation leaves open, either way', () => {
  it.each([
    [{ deal_add_time: 'honoured' }, { dealAddTime: 'honoured', wonTime: 'rfc3339' }],
    [{ deal_add_time: 'dropped' }, { dealAddTime: 'dropped', wonTime: 'rfc3339' }],
    [{ deal_add_time: 'rejected' }, { dealAddTime: 'rejected', wonTime: 'rfc3339' }],
    [{ deal_time_format: 'sql' }, { dealAddTime: 'rejected', wonTime: 'sql' }],
    [
      { deal_time_format: 'sql', deal_add_time: 'rejected' },
      { dealAddTime: 'rejected', wonTime: 'sql' },
    ],
    [{ daily_headers: 'absent', charge_failed: 'no', new_pipeline_stages: 'five' }, { wonTime: 'rfc3339' }],
  ] as const)('%j: the probe learns it and every record is as undisturbed', async (switches, learnt) => {
    const rig = await createLoaderRig({ simulator: { switches } });
    try {
      const loader = await rig.startLoader();
      await expectExactlyOnce(rig, (await loadToEnd(rig, loader)).run);
      const shown = await loader.api<{ probe: object }>(
        'GET',
        `/v1/connections/${await connect(rig, loader)}`,
      );
      expect(shown.body.probe).toMatchObject(learnt);
      expect(shown.body.probe).not.toHaveProperty('canary');
    } finally {
      await rig.close();
    }
  });

  it('a spent day that no header tells: a few refusals, then the run waits for the next day', async () => {
    const rig = await createLoaderRig({ simulator: { switches: { daily_headers: 'absent' } } });
    try {
      const loader = await rig.startLoader({ BUDGET_PROBE_MS: '2000' });
      await connect(rig, loader);
      await control(rig, 'spend', { tokens: 1_049_700 });
      const run = await startRun(rig, loader);
      const parked = await runReaches(loader, run.id, ['waiting_budget', 'done', 'waiting_person']);
      expect(parked.status).toBe('waiting_budget');
      const counts = (await (await fetch(`${rig.sim.url}/__sim/requests`)).json()) as {
        operations: Record<string, Record<string, number>>;
      };
      const refused = Object.values(counts.operations).reduce(
        (sum, by) => sum + (by['4xx'] ?? by['429'] ?? 0),
        0,
      );
      expect(refused).toBeLessThan(40);
      await control(rig, 'clock', { advance_ms: 24 * 3_600_000 });
      await expectExactlyOnce(rig, await runReaches(loader, run.id, ['done', 'failed', 'waiting_person']));
    } finally {
      await rig.close();
    }
  });
});

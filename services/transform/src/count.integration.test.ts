import { afterAll, beforeAll, expect, test } from 'vitest';
import { count } from './count.js';
import { type Rig, startRig } from './testing/rig.js';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

test('sets of all tenants by state; unmoved while one is mapped slice by slice, or a run waits for one', async () => {
  const unmoved = (seconds: number) => ({
    name: 'octopipe_unmoved_seconds',
    labels: {},
    value: expect.closeTo(seconds, -2),
  });
  expect(await count(rig.ctx)).toEqual([unmoved(0)]);
  for (const tenant of ['acme', 'beta']) {
    const staged = await rig.stage(
      tenant,
      { customers: [['Customer ID', 'First Name'], ...['1', '2'].map((n) => [n, `Name ${n}`])] },
      { settings: { country: 'AU', currency: 'AUD', time_zone: 'Australia/Sydney' } },
    );
    const version = await rig.confirmMapping(staged, tenant);
    await rig.map(staged, version, tenant === 'acme' ? 1 : undefined);
  }
  const states = [
    { name: 'octopipe_mapped_sets', labels: { state: 'mapped' }, value: 1 },
    { name: 'octopipe_mapped_sets', labels: { state: 'mapping' }, value: 1 },
  ];
  expect(await count(rig.ctx)).toEqual(expect.arrayContaining([...states, unmoved(0)]));
  await stoodStill('2 hours');
  expect(await count(rig.ctx)).toEqual(expect.arrayContaining([...states, unmoved(7_200)]));
});

/** As the database's owner without the trigger: what hours of waiting would leave. */
async function stoodStill(forHowLong: string): Promise<void> {
  await rig.query('alter table transform.mapped_set disable trigger note_movement');
  await rig.query('update transform.mapped_set set moved_at = now() - $1::interval', [forHowLong]);
  await rig.query('alter table transform.mapped_set enable trigger note_movement');
}

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, startRig } from '../testing/rig.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

interface View {
  id: string;
  settings: Record<string, string>;
}

const ordered = { country: 'AU', currency: 'AUD' };
const edited = { country: 'AU', currency: 'AUD', time_zone: 'Australia/Perth' };

const order = (settings?: object, reference = 'order-1') =>
  rig.call('POST', '/v1/migrations', {
    json: { tenant: 'shop', reference, name: 'Shop moves', ...(settings ? { settings } : {}) },
  });

test('an order that is repeated never resets what somebody has edited since; another order is refused', async () => {
  const made = await order(ordered);
  const { id } = made.body as View;
  expect([made.status, (made.body as View).settings]).toEqual([201, ordered]);
  expect(await order({ currency: 'AUD', country: 'AU' })).toMatchObject({ status: 200, body: { id } });

  const admin = await rig.keyOfTenant('shop');
  const change = await rig.call('PATCH', `/v1/migrations/${id}`, {
    key: admin,
    json: { settings: edited },
    headers: { 'if-match': '*' },
  });
  expect(change.status).toBe(200);

  // The portal that says once more what it has ordered, that says nothing, and that has read what stands.
  for (const settings of [ordered, undefined, edited])
    expect(await order(settings)).toMatchObject({ status: 200, body: { id, settings: edited } });
  expect(await order({ country: 'NZ', currency: 'AUD' })).toMatchObject({
    status: 409,
    body: {
      code: 'ordered_otherwise',
      migration_id: id,
      errors: [{ pointer: '/settings/country' }, { pointer: '/settings/time_zone' }],
    },
  });
  const { body } = await rig.call('GET', `/v1/migrations/${id}`, { key: admin });
  expect((body as View).settings).toEqual(edited);
});

test('settings that come after an order without any are a change, and said to be one', async () => {
  const { body } = await order(undefined, 'order-2');
  expect(await order(ordered, 'order-2')).toMatchObject({
    status: 409,
    body: { code: 'ordered_otherwise', migration_id: (body as View).id },
  });
});

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

test('what the order was answered with can be edited at once, and the answer of its repeat, too', async () => {
  const send = () =>
    fetch(`${rig.url}/v1/migrations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rig.operatorKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ tenant: 'shop', reference: 'order-etag', name: 'Shop moves' }),
    });
  for (const [status, name] of [
    [201, 'once'],
    [200, 'twice'],
  ] as const) {
    const answer = await send();
    const { id } = (await answer.json()) as View;
    const change = await rig.call('PATCH', `/v1/migrations/${id}?tenant=shop`, {
      json: { name },
      headers: { 'if-match': answer.headers.get('etag') ?? '' },
    });
    expect([answer.status, change.status, (change.body as { name: string }).name]).toEqual([
      status,
      200,
      name,
    ]);
  }
  // What nobody can edit so has no ETag that says it could be.
  const list = await fetch(`${rig.url}/v1/keys`, { headers: { authorization: `Bearer ${rig.operatorKey}` } });
  expect([list.status, list.headers.get('etag')]).toEqual([200, null]);
});

test('settings that come after an order without any are a change, and said to be one', async () => {
  const { body } = await order(undefined, 'order-2');
  expect(await order(ordered, 'order-2')).toMatchObject({
    status: 409,
    body: { code: 'ordered_otherwise', migration_id: (body as View).id },
  });
});

test('what was loaded is verified whatever comes of a later run, as long as that changes nothing in the account', async () => {
  const { id } = (await order(undefined, 'order-3')).body as View;
  const load = async (status: string, operation: string, kind = 'production') => {
    await rig.query(
      `with parent as (select tenant_id, id as migration_id from ingest.migration where id = $1),
        export as (insert into ingest.export (tenant_id, migration_id, state, sha256, bytes, blob)
          select tenant_id, migration_id, 'assessed', gen_random_uuid()::text, 1, '' from parent returning id),
        mapping as (insert into transform.mapping_version (tenant_id, migration_id, export_id, number, state, content, content_hash, confirmed_at)
          select tenant_id, migration_id, export.id, (select 1 + count(*) from transform.mapping_version), 'confirmed', '{}', '', now()
          from parent, export returning id, export_id),
        connection as (insert into loader.connection (tenant_id, base_url, company_key, company_domain, sealed_token, state, plan, seats, plan_source)
          select tenant_id, '', gen_random_uuid()::text, '', '', 'ready', 'lite', 1, '' from parent returning id),
        run as (insert into loader.run (tenant_id, migration_id, connection_id, export_id, mapping_version_id, kind, status)
          select tenant_id, migration_id, connection.id, export_id, mapping.id, $4, $2 from parent, connection, mapping
          returning id, tenant_id, connection_id)
      insert into loader.token_use (tenant_id, connection_id, run_id, operation, day, calls, tokens)
      select tenant_id, connection_id, id, $3, current_date, 1, 1 from run`,
      [id, status, operation, kind],
    );
    const { body } = await rig.call('GET', `/v1/migrations/${id}`, { key: await rig.keyOfTenant('shop') });
    return (body as { stage: string }).stage;
  };
  expect(await load('cancelled', 'getDeals', 'dry_run')).toBe('mapped');
  expect(await load('done', 'createDeal')).toBe('verified');
  expect(await load('cancelled', 'getDeals')).toBe('verified');
  expect(await load('failed', 'updateDeal')).toBe('mapped');
  await rig.query(`update transform.mapping_version set state = 'superseded' where migration_id = $1`, [id]);
  expect(await load('done', 'getDeals', 'dry_run')).toBe('rehearsed');
});

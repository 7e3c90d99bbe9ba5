import { mostEvidence, mostGroups } from '@octopipe/shared/domain/mapping/duplicate-customers';
import { type LoggedEvent, type Message, messagesOf } from '@octopipe/shared/events/published';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Rig, startRig } from '../testing/rig.js';
import type { StagedPackage } from '../testing/stage-folder.js';

let rig: Rig;
let staged: StagedPackage;
let key: string;

beforeAll(async () => {
  rig = await startRig();
  staged = await rig.stageSample('harbour');
  key = await rig.keyOf(staged.tenantId);
});
afterAll(() => rig.stop());

interface Mapping {
  id: string;
  number: number;
  state: string;
  content_hash: string;
  content: {
    settings: Record<string, unknown>;
    lossy: unknown[];
    schema: { fields: Array<{ name: string }> };
  };
  confirmed_by: string | null;
  waived: boolean;
}

const propose = (json: object, options = {}) => rig.call('POST', '/v1/mappings', { key, json, ...options });
const ofSample = () => ({ migration_id: staged.migrationId, export_id: staged.exportId });

describe('proposing', () => {
  test('answers a version, and the same version when nothing changed', async () => {
    const first = await propose(ofSample());
    expect(first.status).toBe(201);
    const version = first.body as Mapping;
    expect(version).toMatchObject({ number: 1, state: 'proposed', confirmed_by: null, waived: false });
    expect(version.content.settings).toMatchObject({
      country: 'AU',
      currency: 'AUD',
      timeZone: 'Australia/Sydney',
      dateFormat: 'dd/MM/yyyy',
    });
    const second = await propose(ofSample());
    expect(second.status).toBe(200);
    expect(second.body).toEqual(first.body);
    expect((await rig.call('GET', `/v1/mappings/${version.id}`, { key })).body).toEqual(first.body);
  });

  test('takes an edited content as the next version, and refuses one that contradicts itself', async () => {
    const { content } = (await propose(ofSample())).body as unknown as Mapping;
    const edited = await propose({
      ...ofSample(),
      content: { ...content, settings: { ...content.settings, dealValue: 'invoice_total' } },
    });
    expect(edited.status).toBe(201);
    expect(edited.body).toMatchObject({ number: 2, content: { settings: { dealValue: 'invoice_total' } } });
    const broken = await propose({
      ...ofSample(),
      content: { ...content, settings: { ...content.settings, pipeline: 'Sales' } },
    });
    expect(broken.status).toBe(422);
    expect(broken.body).toMatchObject({ code: 'mapping_unsound' });
  });

  test('takes back as much as it proposes at most, printed for people', async () => {
    const { content } = (await propose(ofSample())).body as unknown as Mapping;
    // Ids of 36 letters; seven customers who look alike in pairs, of which as many are listed as are of any group.
    const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
    const duplicates = Array.from({ length: mostGroups }, (_, group) => {
      const customers = Array.from({ length: 7 }, (_, n) => id(group * 7 + n));
      const pairs = customers.flatMap((one, i) => customers.slice(i + 1).map((other) => [one, other]));
      const evidence = pairs.slice(0, mostEvidence).map((pair) => ({
        customers: pair,
        same: ['name', 'email', 'phone', 'address'],
      }));
      return { customers, grade: 'sure', evidence, mergeInto: null };
    });
    const body = JSON.stringify({ ...ofSample(), content: { ...content, duplicates } }, null, 2);
    expect(body.length).toBeGreaterThan(3_000_000);
    const post = (route: string, text: string) =>
      fetch(`${rig.url}${route}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: text,
      });
    expect((await post('/v1/mappings', body)).status).toBe(201);
    const elsewhere = await post(`/v1/mappings/${id(0)}/confirm`, body);
    expect([elsewhere.status, await elsewhere.json()]).toEqual([
      413,
      expect.objectContaining({ code: 'body_too_large' }),
    ]);
  });

  test('takes as many fields as the plan of the tenant’s account has room for, of several accounts the smallest', async () => {
    const connect = (tenantId: string, plan: string) =>
      rig.query(
        `insert into loader.connection (tenant_id, base_url, company_key, company_domain, sealed_token, state, plan, seats, plan_source)
         values ($1, 'https://acme.example', $2, 'acme', '', 'ready', $2, 1, 'test')`,
        [tenantId, plan],
      );
    const mine = await rig.stageSample('growing');
    const proposed = async (of: StagedPackage) => {
      const answer = await propose(
        { migration_id: of.migrationId, export_id: of.exportId },
        { key: await rig.keyOf(of.tenantId) },
      );
      const { settings, schema } = (answer.body as Mapping).content;
      const names = schema.fields.map(({ name }) => name);
      return { plan: settings.plan, fields: names.length, gateCode: names.includes('Gate code') };
    };
    const unconnected = { plan: undefined, fields: 30, gateCode: false };
    expect(await proposed(mine)).toEqual(unconnected);
    await connect(mine.tenantId, 'premium');
    const roomy = await proposed(mine);
    expect(roomy).toMatchObject({ plan: 'premium', gateCode: true });
    await connect(mine.tenantId, 'growth');
    expect(await proposed(mine)).toEqual({ plan: 'growth', fields: 50, gateCode: true });
    expect(roomy.fields).toBeGreaterThan(50);
    await connect(mine.tenantId, 'lite');
    expect(await proposed(mine)).toEqual({ ...unconnected, plan: 'lite' });
    expect(await proposed(staged)).toEqual(unconnected);
  });

  test('forecasts what an account of the tenant had no activity type left for', async () => {
    const mine = await rig.stageSample('full-of-types');
    const key = await rig.keyOf(mine.tenantId);
    const lossy = async () => {
      const answer = await propose({ migration_id: mine.migrationId, export_id: mine.exportId }, { key });
      return (answer.body as Mapping).content.lossy;
    };
    const before = await lossy();
    await rig.query(
      `with account as (
         insert into loader.connection (tenant_id, base_url, company_key, company_domain, sealed_token, state, plan, seats, plan_source)
         values ($1, 'https://acme.example', 'full', 'acme', '', 'ready', 'lite', 1, 'test') returning id)
       insert into loader.destination_item (tenant_id, connection_id, kind, name, actual_name, remote_id, remote_key)
       select $1, id, 'activity_type', kind, type, '7', 'x' from account,
         (values ('Refund', 'Payment'), ('Deposit', 'Payment'), ('Payment', 'Payment')) as items(kind, type)`,
      [mine.tenantId],
    );
    const after = await lossy();
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.slice(before.length)).toEqual([
      { object: 'activity', says: expect.stringContaining('Deposit and Refund have none of their own') },
    ]);
  });

  test('an edit that says what it read is refused when somebody else has edited since', async () => {
    const etagOf = async (id: string) => {
      const answer = await fetch(`${rig.url}/v1/mappings/${id}`, {
        headers: { authorization: `Bearer ${key}` },
      });
      return answer.headers.get('etag') ?? '';
    };
    const first = (await propose(ofSample())).body as unknown as Mapping;
    const edit = (dealValue: string, etag: string) =>
      propose(
        { ...ofSample(), content: { ...first.content, settings: { ...first.content.settings, dealValue } } },
        { headers: { 'if-match': etag } },
      );
    const [{ id = '' } = {}] = await rig.query<{ id: string }>(
      'select id from transform.mapping_version where migration_id = $1 order by number desc limit 1',
      [staged.migrationId],
    );
    const read = await etagOf(id);
    const edited = await edit('amount_paid', read);
    expect(edited.status).toBe(201);
    expect(await edit('booking_total', read)).toMatchObject({
      status: 412,
      body: { code: 'edited_meanwhile' },
    });
    expect((await edit('booking_total', await etagOf((edited.body as Mapping).id))).status).toBeLessThan(300);
  });

  test('names each setting that is missing in a sentence', async () => {
    const bare = await rig.stage(
      'bare',
      {
        customers: [
          ['Customer ID', 'first_name'],
          ['1', 'Ada'],
        ],
      },
      { settings: { currency: 'NZD' } },
    );
    const answer = await propose(
      { migration_id: bare.migrationId, export_id: bare.exportId },
      { key: await rig.keyOf(bare.tenantId) },
    );
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      code: 'settings_missing',
      errors: [{ pointer: '/settings/country' }, { pointer: '/settings/time_zone' }],
    });
  });

  test('waits for the assessment', async () => {
    const early = await rig.stage('early', { customers: [['Customer ID'], ['1']] });
    await rig.query(`update ingest.export set state = 'staged' where id = $1`, [early.exportId]);
    const answer = await propose(
      { migration_id: early.migrationId, export_id: early.exportId },
      { key: await rig.keyOf(early.tenantId) },
    );
    expect(answer).toMatchObject({ status: 409, body: { code: 'export_not_assessed' } });
  });
});

describe('confirming', () => {
  const numbered = ({ id, number }: Mapping) => ({ mapping_version_id: id, number });

  /** What webhooks are told of these versions: ids, counts and codes, and never the label of a key, which is a name. */
  async function toldOf(ids: string[]): Promise<Message[]> {
    const events = await rig.query<LoggedEvent>(
      `select kind, facts from core.event where facts->>'mapping_version_id' = any ($1) order by id`,
      [ids],
    );
    const messages = events.flatMap(messagesOf);
    const labels = await rig.query<{ label: string }>('select label from core.api_key');
    for (const { label } of labels) expect(JSON.stringify(messages)).not.toContain(`"${label}"`);
    for (const { data } of messages.filter(({ type }) => type === 'mapping.confirmed'))
      expect(await rig.query('select 1 from core.api_key where id = $1', [data.key_id])).toHaveLength(1);
    return messages;
  }

  test('binds to the hash that was read, once, and supersedes the former version', async () => {
    const version = (await propose(ofSample())).body as unknown as Mapping;
    const confirm = (json: object, as = key) =>
      rig.call('POST', `/v1/mappings/${version.id}/confirm`, { key: as, json });
    expect(await confirm({ content_hash: 'of something else' })).toMatchObject({
      status: 412,
      body: { code: 'mapping_changed' },
    });
    const confirmed = await confirm({ content_hash: version.content_hash });
    expect(confirmed).toMatchObject({
      status: 200,
      body: { state: 'confirmed', confirmed_by: 'tenant_admin', waived: false },
    });
    expect((await confirm({ content_hash: version.content_hash })).body).toEqual(confirmed.body);

    const next = (
      await propose({
        ...ofSample(),
        content: { ...version.content, settings: { ...version.content.settings, dealValue: 'amount_paid' } },
      })
    ).body as unknown as Mapping;
    const waived = await rig.call('POST', `/v1/mappings/${next.id}/confirm?tenant=harbour`, {
      json: { content_hash: next.content_hash, waived: true },
    });
    expect(waived).toMatchObject({
      status: 200,
      body: { state: 'confirmed', confirmed_by: 'ops', waived: true },
    });
    expect((await rig.call('GET', `/v1/mappings/${version.id}`, { key })).body).toMatchObject({
      state: 'superseded',
    });
    const proposed = (of: Mapping) => ({
      type: 'mapping.proposed',
      data: { ...numbered(of), content_hash: of.content_hash },
    });
    const confirmedAs = (of: Mapping, waived: boolean) => ({
      type: 'mapping.confirmed',
      data: { ...numbered(of), key_id: expect.any(String), waived },
    });
    const told = await toldOf([version.id, next.id]);
    expect(told).toHaveLength(4);
    // The tests before may have proposed both.
    expect(told).toEqual(
      expect.arrayContaining([
        proposed(version),
        confirmedAs(version, false),
        proposed(next),
        confirmedAs(next, true),
      ]),
    );
    expect(await confirm({ content_hash: version.content_hash })).toMatchObject({
      status: 409,
      body: { code: 'mapping_superseded' },
    });
  });

  test('is not for viewers, and only operators may waive it', async () => {
    const version = (await propose(ofSample())).body as unknown as Mapping;
    const route = `/v1/mappings/${version.id}/confirm`;
    const viewer = await rig.keyOf(staged.tenantId, 'viewer');
    expect(
      (await rig.call('POST', route, { key: viewer, json: { content_hash: version.content_hash } })).status,
    ).toBe(403);
    expect(
      (await rig.call('POST', route, { key, json: { content_hash: version.content_hash, waived: true } }))
        .status,
    ).toBe(403);
  });
});

test('a stranger finds nothing', async () => {
  const stranger = await rig.stage('stranger', { customers: [['Customer ID'], ['1']] });
  const theirs = await rig.keyOf(stranger.tenantId);
  const version = (await propose(ofSample())).body as unknown as Mapping;
  expect(await rig.call('GET', `/v1/mappings/${version.id}`, { key: theirs })).toMatchObject({
    status: 404,
    body: { code: 'mapping_not_found' },
  });
  expect(
    (
      await rig.call('POST', `/v1/mappings/${version.id}/confirm`, {
        key: theirs,
        json: { content_hash: version.content_hash },
      })
    ).status,
  ).toBe(404);
  expect((await propose(ofSample(), { key: theirs })).status).toBe(404);
});

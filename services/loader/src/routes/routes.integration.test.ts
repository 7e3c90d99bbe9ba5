import { createApiKey } from '@octopipe/shared/tenancy/api-key';
import { startSimulator } from '@octopipe/simulator/server';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createLoaderRig,
  type LoaderProcess,
  type LoaderRig,
  type SeededTenant,
} from '../testing/loader-rig.js';
import { connect, runReaches, type ShownRun, unrehearsed, until } from '../testing/loader-run.js';

const absent = '00000000-0000-4000-8000-000000000000';

describe('the loader’s routes', () => {
  let rig: LoaderRig;
  let loader: LoaderProcess;
  let connectionId: string;
  let other: SeededTenant;
  let foreignKey: string;
  let adminKey: string;
  let operatorKey: string;
  beforeAll(async () => {
    rig = await createLoaderRig({ simulator: { requestsPer2s: 20 } });
    loader = await rig.startLoader({ LOG_LEVEL: 'debug' });
    connectionId = await connect(rig, loader);
    other = await rig.addTenant('other-tenant');
    foreignKey = await createApiKey(rig.database.db, {
      role: 'tenant_admin',
      label: 'other',
      tenantId: other.tenant.id,
    });
    adminKey = await createApiKey(rig.database.db, {
      role: 'tenant_admin',
      label: 'admin',
      tenantId: rig.tenant.id,
    });
    operatorKey = await createApiKey(rig.database.db, {
      role: 'operator',
      label: 'operator',
      tenantId: rig.tenant.id,
    });
  });
  afterAll(() => rig.close());

  const withKey = async (key: string, method: 'GET' | 'POST', path: string, body?: unknown) => {
    const response = await fetch(new URL(path, loader.url), {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { instance: _request, ...shown } = (await response.json()) as Record<string, unknown>;
    const { code, items, id, waivers } = shown;
    return { status: response.status, code, items, id, waivers };
  };
  const somebodyWaits = async (event: string, query: string) => {
    const { rows } = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
        and wait_event = ${event} and query like ${query}`.execute(rig.database.db);
    return rows.length > 0;
  };
  const runBody = (change: Record<string, unknown> = {}) => ({
    migration_id: rig.ids.migrationId,
    mapping_version_id: rig.ids.mappingVersionId,
    connection_id: connectionId,
    ...change,
  });

  it('names each bad field, and refuses unknown ones', async () => {
    const answer = await loader.api<{ code: string; fields?: unknown }>('POST', '/v1/connections', {
      base_url: 'x',
      seats: 0,
      surprise: 1,
    });
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
    const text = JSON.stringify(answer.body);
    for (const name of ['/base_url', '/api_token', '/seats', 'surprise']) expect(text).toContain(name);
  });

  it.each([
    'https://evil.example',
    'https://acme.pipedrive.com.evil.example',
    'http://acme.pipedrive.com',
    'https://u:p@acme.pipedrive.com',
    'https://169.254.169.254',
    'not a host',
  ])('connects to nobody but Pipedrive: %s', async (base_url) => {
    const answer = await loader.api<{ code: string }>('POST', '/v1/connections', {
      base_url,
      api_token: 't-secret',
    });
    expect(answer).toMatchObject({ status: 422, body: { code: 'not_a_pipedrive_host' } });
    expect(JSON.stringify(answer.body)).not.toContain('t-secret');
  });

  it('never returns or stores the token in the clear', async () => {
    const again = await loader.api('POST', '/v1/connections', {
      base_url: rig.sim.url,
      api_token: rig.sim.token,
    });
    const shown = await loader.api('GET', `/v1/connections/${connectionId}`);
    expect([again.status, again.body.id, shown.status]).toEqual([200, connectionId, 200]);
    const stored = await rig.database.db.selectFrom('loader.connection').selectAll().execute();
    for (const text of [again.body, shown.body, stored].map((value) => JSON.stringify(value)))
      expect(text).not.toContain(rig.sim.token);
    expect(stored[0]?.sealedToken.includes(Buffer.from(rig.sim.token))).toBe(false);
  });

  it('refuses a run of an unconfirmed mapping, and of one that does not exist', async () => {
    const { id } = await rig.database.db
      .insertInto('transform.mappingVersion')
      .values({
        tenantId: rig.tenant.id,
        migrationId: rig.ids.migrationId,
        exportId: rig.ids.exportId,
        number: 2,
        state: 'proposed',
        content: await content(rig),
        contentHash: 'x',
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    const codeOf = async (change: Record<string, unknown>) => {
      const { status, body } = await loader.api<{ code: string }>('POST', '/v1/runs', runBody(change));
      return [status, body.code];
    };
    expect(await codeOf({ mapping_version_id: id })).toEqual([409, 'mapping_not_confirmed']);
    expect(await codeOf({ mapping_version_id: absent })).toEqual([404, 'mapping_not_found']);
    expect(await codeOf({ connection_id: absent })).toEqual([404, 'connection_not_found']);
  });

  it('only an operator waives a gate; an admin’s own run stops and asks', async () => {
    const waivers = [{ gate: 'phase_gates', actor: 'Jo' }];
    expect(await withKey(adminKey, 'POST', '/v1/runs', runBody({ waivers }))).toMatchObject({
      status: 403,
      code: 'forbidden',
    });
    const { body } = await loader.api<{ items: object[] }>('GET', '/v1/runs');
    expect(body.items).toEqual([]);
  });

  it('nothing is written before a dry run of the same mapping has ended, or an operator has waived that', async () => {
    const start = (key: string, change: Record<string, unknown> = {}) =>
      withKey(key, 'POST', '/v1/runs', runBody(change));
    for (const key of [adminKey, operatorKey])
      expect(await start(key)).toMatchObject({ status: 409, code: 'rehearsal_missing' });
    expect((await loader.api<{ items: object[] }>('GET', '/v1/runs')).body.items).toEqual([]);
    const dry = await start(adminKey, { kind: 'dry_run' });
    expect(dry.status).toBe(201);
    await runReaches(loader, dry.id as string, ['done']);
    // Rehearsed, so an operator's waiver of that is no waiver: the documents must not say that nobody did.
    const run = await start(operatorKey, { waivers: [unrehearsed] });
    expect(run).toMatchObject({ status: 201, waivers: [] });
    await withKey(adminKey, 'POST', `/v1/runs/${run.id}/cancel`, {});
  });

  it('a run: rerun joins it, another mapping is refused meanwhile, pause, resume and cancel move it', async () => {
    // More at once than the process has connections to the database: all but the first wait for that one.
    const starts = await Promise.all(
      Array.from({ length: 12 }, () =>
        loader.api<ShownRun>('POST', '/v1/runs', runBody({ waivers: [unrehearsed] })),
      ),
    );
    expect(starts.map(({ status }) => status).sort()).toEqual([...Array(11).fill(200), 201]);
    const run = starts[0]?.body as ShownRun;
    expect(new Set(starts.map(({ body }) => body.id))).toEqual(new Set([run.id]));
    const joined = await loader.api<ShownRun>('POST', '/v1/runs', runBody());
    expect([joined.status, joined.body.id]).toEqual([200, run.id]);
    // Whoever joins with a plan or a waiver is not answered as if that had been heard when it was not.
    const ofAPlan = await loader.api('POST', '/v1/runs', runBody({ plan_hash: 'a'.repeat(64) }));
    expect(ofAPlan).toMatchObject({ status: 409, body: { code: 'run_of_another_plan' } });
    for (const actor of ['Jo', 'Jo', 'Mo'])
      await loader.api('POST', '/v1/runs', runBody({ waivers: [{ gate: 'phase_gates', actor }] }));
    const waived = await loader.api<{ waivers: object[] }>('GET', `/v1/runs/${run.id}`);
    expect(waived.body.waivers).toEqual(
      ['Jo', 'Mo'].map((actor) => ({
        gate: 'phase_gates',
        actor,
        key: expect.any(String),
        at: expect.stringMatching(/Z$/),
      })),
    );
    const { id } = await rig.database.db
      .insertInto('transform.mappingVersion')
      .values({
        tenantId: rig.tenant.id,
        migrationId: rig.ids.migrationId,
        exportId: rig.ids.exportId,
        number: 3,
        state: 'confirmed',
        content: await content(rig),
        contentHash: 'y',
        confirmedBy: 'rig',
        confirmedAt: new Date(),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    expect(await loader.api('POST', '/v1/runs', runBody({ mapping_version_id: id }))).toMatchObject({
      status: 409,
      body: { code: 'connection_busy' },
    });

    await runReaches(loader, run.id, ['running']);
    const act = async (action: string) => {
      const { status, body } = await loader.api<ShownRun & { code?: string }>(
        'POST',
        `/v1/runs/${run.id}/${action}`,
        {},
      );
      return status === 200 ? body.status : body.code;
    };
    expect([
      await act('pause'),
      await act('pause'),
      await act('resume'),
      await act('resume'),
      await act('cancel'),
      await act('resume'),
      await act('cancel'),
    ]).toEqual([
      'paused',
      'not_possible_now',
      'running',
      'not_possible_now',
      'cancelled',
      'not_possible_now',
      'not_possible_now',
    ]);
  });

  it('connects one company for one tenant only, and does not say which', async () => {
    const answer = await withKey(foreignKey, 'POST', '/v1/connections', {
      base_url: rig.sim.url,
      api_token: rig.sim.token,
    });
    expect(answer).toMatchObject({ status: 409, code: 'company_taken' });
  });

  it('two tenants that start at the same moment: the second is refused', async () => {
    const sim = await startSimulator();
    try {
      const bodyOf = async (key: string, { ids }: SeededTenant) => ({
        migration_id: ids.migrationId,
        mapping_version_id: ids.mappingVersionId,
        connection_id: (
          await withKey(key, 'POST', '/v1/connections', { base_url: sim.url, api_token: sim.token })
        ).id,
        kind: 'dry_run',
      });
      const [ours, theirs] = [await bodyOf(adminKey, rig), await bodyOf(foreignKey, other)];
      let second: Promise<unknown> = Promise.resolve();
      const first = await rig.database.db.transaction().execute(async (held) => {
        // A run refers to its tenant: ours has looked who else is there, and cannot be written down yet.
        await sql`select id from core.tenant where id = ${rig.tenant.id} for update`.execute(held);
        const started = withKey(adminKey, 'POST', '/v1/runs', ours);
        await until(() => somebodyWaits('transactionid', 'insert into "loader"."run"%'));
        second = withKey(foreignKey, 'POST', '/v1/runs', theirs);
        await Promise.race([second, until(() => somebodyWaits('advisory', '%'))]);
        return { started };
      });
      const run = await first.started;
      expect([run.status, await second]).toMatchObject([201, { status: 409, code: 'company_taken' }]);
      await withKey(adminKey, 'POST', `/v1/runs/${run.id}/cancel`, {});
    } finally {
      await sim.close();
    }
  });

  it('a block is told with its length, and who tries again meanwhile is not sent into it', async () => {
    const sim = await startSimulator();
    try {
      const post = async () => {
        const answer = await fetch(new URL('/v1/connections', loader.url), {
          method: 'POST',
          headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
          body: JSON.stringify({ base_url: sim.url, api_token: sim.token }),
        });
        const { code } = (await answer.json()) as { code?: string };
        return { status: answer.status, code, retryAfter: Number(answer.headers.get('retry-after')) };
      };
      expect((await post()).status).toBe(201);
      await fetch(`${sim.url}/__sim/plan`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ requests_per_2s: 1 }),
      });
      // Somebody else's program that does not listen to 429.
      const look = () => fetch(`${sim.url}/v1/users/me`, { headers: { 'x-api-token': sim.token } });
      await until(async () => {
        const answers = await Promise.all(Array.from({ length: 70 }, look));
        return answers.some(({ status }) => status === 403);
      });
      expect(await post()).toEqual({ status: 503, code: 'blocked_by_pipedrive', retryAfter: 900 });
      const requests = async () => (await fetch(`${sim.url}/__sim/requests`)).text();
      const before = await requests();
      const again = await post();
      expect(again).toMatchObject({ status: 503, code: 'blocked_by_pipedrive' });
      expect(again.retryAfter).toBeGreaterThan(840);
      expect(await requests()).toBe(before);
    } finally {
      await sim.close();
    }
  });

  it('another tenant sees foreign and absent alike', async () => {
    const run = await rig.database.db.selectFrom('loader.run').select('id').executeTakeFirstOrThrow();
    const answers = async (connection: string, runId: string) => [
      await withKey(foreignKey, 'GET', `/v1/connections/${connection}`),
      await withKey(foreignKey, 'GET', `/v1/runs/${runId}`),
      await withKey(foreignKey, 'POST', `/v1/runs/${runId}/pause`, {}),
      await withKey(foreignKey, 'POST', `/v1/runs/${runId}/cancel`, {}),
      await withKey(foreignKey, 'GET', `/v1/owners?connection_id=${connection}`),
      await withKey(
        foreignKey,
        'GET',
        `/v1/crosswalk?connection_id=${connection}&source_type=customer&source_id=1`,
      ),
      await withKey(foreignKey, 'POST', '/v1/runs', runBody({ connection_id: connection })),
      await withKey(foreignKey, 'GET', `/v1/runs/${runId}?tenant=${rig.tenant.slug}`),
    ];
    const foreign = await answers(connectionId, run.id);
    expect(foreign).toEqual(await answers(absent, absent));
    expect(foreign.map((answer) => answer.status)).toEqual([404, 404, 404, 404, 200, 200, 404, 404]);
    expect([foreign[4]?.items, foreign[5]?.items]).toEqual([[], []]);
  });
});

async function content(rig: LoaderRig): Promise<string> {
  const row = await rig.database.db
    .selectFrom('transform.mappingVersion')
    .select('content')
    .where('number', '=', 1)
    .executeTakeFirstOrThrow();
  return JSON.stringify(row.content);
}

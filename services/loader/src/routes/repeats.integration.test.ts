import { createApiKey } from '@octopipe/shared/tenancy/api-key';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import { connect, runReaches, type ShownRun } from '../testing/loader-run.js';

/** A repeat that comes when the first request has died between its effect and the keeping of its answer. */
let rig: LoaderRig;
let key: string;
let body: Record<string, string>;

beforeAll(async () => {
  rig = await createLoaderRig();
  key = await createApiKey(rig.database.db, { role: 'operator', label: 'repeats' });
  const loader = await rig.startLoader();
  body = {
    migration_id: rig.ids.migrationId,
    mapping_version_id: rig.ids.mappingVersionId,
    connection_id: await connect(rig, loader),
  };
  await loader.stop();
});
afterAll(() => rig.close());

it('starts no second run, also when the first has ended meanwhile; nor a second verification of it', async () => {
  const dry = await dieAndRepeat('POST /v1/runs', '/v1/runs', { ...body, kind: 'dry_run' });
  expect(dry.repeated).toEqual({ status: 201, isReplay: true, id: dry.run.id });
  const load = await rig.database.db
    .insertInto('loader.run')
    .values({
      tenantId: rig.tenant.id,
      migrationId: rig.ids.migrationId,
      exportId: rig.ids.exportId,
      mappingVersionId: rig.ids.mappingVersionId,
      setId: rig.ids.setId,
      connectionId: body.connection_id ?? '',
      kind: 'production',
      status: 'done',
      finishedAt: new Date(),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const route = `/v1/runs/${load.id}/verify`;
  const verification = await dieAndRepeat('POST /v1/runs/:runId/verify', route, {});
  expect(verification.repeated).toEqual({ status: 201, isReplay: true, id: verification.run.id });
  const runs = await rig.database.db
    .selectFrom('loader.run')
    .select(['id', 'kind', 'status'])
    .orderBy('createdAt')
    .execute();
  expect(runs).toEqual([
    { id: dry.run.id, kind: 'dry_run', status: 'done' },
    { id: load.id, kind: 'production', status: 'done' },
    { id: verification.run.id, kind: 'verify', status: 'done' },
  ]);
}, 600_000);

async function dieAndRepeat(name: string, route: string, json: object) {
  const post = (loader: LoaderProcess) =>
    fetch(`${loader.url}${route}?tenant=${rig.tenant.slug}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'idempotency-key': `once ${name}`.replaceAll(' ', '-'),
      },
      body: JSON.stringify(json),
    });
  const dying = await rig.startLoader({ OCTOPIPE_FAILPOINT: `http.before_keep@${name}` });
  await expect(post(dying)).rejects.toThrow();
  expect(await dying.exited).toMatchObject({ signal: 'SIGKILL' });
  const loader = await rig.startLoader({ IDEMPOTENCY_LEASE_MS: '300' });
  const { id } = await rig.database.db
    .selectFrom('loader.run')
    .select('id')
    .orderBy('createdAt', 'desc')
    .executeTakeFirstOrThrow();
  const run = await runReaches(loader, id, ['done', 'failed', 'waiting_person', 'cancelled'], 240_000);
  const answer = await post(loader);
  const repeated = {
    status: answer.status,
    isReplay: answer.headers.get('idempotency-replayed') === 'true',
    id: ((await answer.json()) as ShownRun).id,
  };
  await loader.stop();
  return { run, repeated };
}

import { createApiKey } from '@octopipe/shared/tenancy/api-key';
import { expect, it } from 'vitest';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import { accountByKey, connect, loadToEnd, until, writesByKey } from '../testing/loader-run.js';
import { probePayloads } from '../testing/mapped-fixture.js';

const patienceMs = 240_000;

it('a purged tenant’s records stand in the company: it is refused until an operator takes them over, and none is written twice', async () => {
  const rig = await createLoaderRig({
    // Organizations and persons have a field for the marker; of a note it is the last line.
    payloads: (file) => probePayloads(file).filter(([, key]) => key.startsWith('customer:')),
  });
  try {
    const loader = await rig.startLoader();
    const { tenant, ids } = await rig.addTenant('next');
    const next: LoaderRig = { ...rig, tenant, ids };
    const admin = await withKeyOf(next, loader, 'tenant_admin');
    const operator = await withKeyOf(next, loader, 'operator');
    const account = { base_url: rig.sim.url, api_token: rig.sim.token };
    // Connected while nobody had loaded anything: that was free.
    const connectionId = await connect(next, admin);
    const verified = { records: rig.records.length, differences: 0 };
    expect((await loadToEnd(rig, loader, patienceMs)).run).toMatchObject({ status: 'done', verified });
    const [writes, stands] = [await writesByKey(rig), await accountByKey(rig)];

    await purge(rig);
    const left = { status: 409, body: { code: 'purged_records_stand' } };
    expect(await admin.api('POST', '/v1/connections', account)).toMatchObject(left);
    const order = {
      migration_id: ids.migrationId,
      mapping_version_id: ids.mappingVersionId,
      connection_id: connectionId,
      kind: 'dry_run',
    };
    expect(await operator.api('POST', '/v1/runs', order)).toMatchObject(left);
    const override = { ...account, take_over_records: true };
    expect(await admin.api('POST', '/v1/connections', override)).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });

    const taken = await operator.api('POST', '/v1/connections', override);
    expect(taken).toMatchObject({ status: 200, body: { id: connectionId, doubt: { settled_at: null } } });
    // Said once: whoever renews the token afterwards need not say it, and does not begin the doubt again.
    expect((await admin.api('POST', '/v1/connections', account)).body).toMatchObject({
      id: connectionId,
      doubt: taken.body.doubt,
    });
    expect((await loadToEnd(next, operator, patienceMs)).run).toMatchObject({ status: 'done', verified });
    expect(await writesByKey(rig)).toEqual(writes);
    expect(await accountByKey(rig)).toEqual(stands);
  } finally {
    await rig.close();
  }
}, 600_000);

/** The same process, called with a key of this tenant. */
async function withKeyOf(
  { database, tenant }: LoaderRig,
  loader: LoaderProcess,
  role: 'tenant_admin' | 'operator',
): Promise<LoaderProcess> {
  const key = await createApiKey(database.db, { role, label: role, tenantId: tenant.id });
  return {
    ...loader,
    async api<T>(method: 'GET' | 'POST', path: string, body?: unknown) {
      const answer = await fetch(new URL(path, loader.url), {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as T };
    },
  };
}

/** As ingest marks a tenant, up to the loader's step, which the loader then does by itself. */
async function purge(rig: LoaderRig): Promise<void> {
  const { db } = rig.database;
  const { id } = await db
    .insertInto('core.purge')
    .values({ subjectId: rig.tenant.id, slugHash: '', requestedBy: rig.tenant.id, step: 'loader' })
    .returning('id')
    .executeTakeFirstOrThrow();
  await db.updateTable('core.tenant').set({ purgeId: id }).where('id', '=', rig.tenant.id).execute();
  await until(async () => {
    const { step } = await db
      .selectFrom('core.purge')
      .select('step')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return step === 'transform';
  });
}

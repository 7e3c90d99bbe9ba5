import { randomBytes } from 'node:crypto';
import type { Sample } from '@octopipe/shared/core/metrics';
import { inTransaction } from '@octopipe/shared/db/index';
import { parseMasterKey } from '@octopipe/shared/tenancy/secrets';
import { getOrCreateTenant } from '@octopipe/shared/tenancy/tenant';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LoaderContext } from './context.js';
import { count } from './count.js';
import { presentRun } from './run/present-run.js';
import { createLoaderRig, type LoaderRig } from './testing/loader-rig.js';

let rig: LoaderRig;
let ctx: LoaderContext;

beforeAll(async () => {
  rig = await createLoaderRig();
  // All that counting needs.
  ctx = { db: rig.database.db } as LoaderContext;
});

afterAll(() => rig.close());

test('counts the runs, batches, unknown outcomes and budgets of all tenants, by state and id', async () => {
  const mine = await seedRun(rig.tenant.id, 'pipedrive.com#1', 'running');
  const master = parseMasterKey(randomBytes(32).toString('base64'));
  const other = await getOrCreateTenant(ctx.db, master, { slug: 'acme', name: 'Acme Ltd' });
  const theirs = await seedRun(other.id, 'pipedrive.com#2', 'waiting_budget');
  const over = await seedRun(other.id, 'pipedrive.com#3', 'done');
  await failAnother(over);
  await stoodStill(await failAnother(over), '25 hours');
  await finishBatches(mine, 'deal', 1);
  await seedIntents(mine);
  await rig.database.db
    .updateTable('loader.companyBudget')
    .set({ spent: 100, exhaustedUntil: sql<Date>`now() + interval '1 hour'` })
    .where('companyKey', '=', 'pipedrive.com#2')
    .execute();
  await stoodStill(mine, '5 minutes');

  const samples = await count(ctx);
  expect(shown(samples, ['octopipe_unmoved_seconds', 'octopipe_intents_unknown_age_seconds'])).toEqual({
    'octopipe_runs status=running reason=': 1,
    'octopipe_runs status=waiting_budget reason=': 1,
    'octopipe_runs status=done reason=': 1,
    'octopipe_runs status=failed reason=plan_changed': 2,
    'octopipe_runs_failed reason=plan_changed': 1,
    'octopipe_batches entity=deal state=done': 1,
    'octopipe_batches entity=deal state=pending': 3,
    'octopipe_batches entity=person state=pending': 4,
    [`octopipe_run_progress run=${mine.runId} phase=deals`]: 0.5,
    [`octopipe_run_progress run=${mine.runId} phase=persons`]: 0,
    [`octopipe_run_progress run=${theirs.runId} phase=deals`]: 0,
    [`octopipe_run_progress run=${theirs.runId} phase=persons`]: 0,
    octopipe_intents_unknown: 2,
    'octopipe_tokens_used company=pipedrive.com#1': 0,
    'octopipe_tokens_left company=pipedrive.com#1': 800,
    'octopipe_tokens_used company=pipedrive.com#2': 100,
    'octopipe_tokens_left company=pipedrive.com#2': 700,
    'octopipe_tokens_used company=pipedrive.com#3': 0,
    'octopipe_tokens_left company=pipedrive.com#3': 800,
    'octopipe_company_closed_seconds company=pipedrive.com#2 reason=day_spent': expect.toSatisfy(
      (seconds: number) => seconds > 3_000 && seconds <= 3_600,
    ),
  });
  expect(JSON.stringify(samples)).not.toContain(rig.tenant.slug);
  expect(JSON.stringify(samples)).not.toContain('Acme');

  // Nothing of the running run has moved for five minutes; the parked and the ended one are nobody's to move.
  expect(gaugeOf(samples, 'octopipe_unmoved_seconds')).toBeGreaterThan(290);
  // Ten minutes past its deadline, and for five of them somebody was there to look for it.
  expect(gaugeOf(samples, 'octopipe_intents_unknown_age_seconds')).toSatisfy(
    (seconds: number) => seconds > 290 && seconds < 590,
  );
  await finishBatches(mine, 'deal', 2);
  expect(gaugeOf(await count(ctx), 'octopipe_unmoved_seconds')).toBeLessThan(60);
});

test('unknown outcomes age only while a run looks for them', async () => {
  const { db } = rig.database;
  await db.updateTable('loader.run').set({ status: 'done' }).execute();
  const seeded = await seedRun(rig.tenant.id, 'pipedrive.com#4', 'running');
  await seedIntents(seeded);
  await stoodStill(seeded, '1 hour');
  const age = async () => gaugeOf(await count(ctx), 'octopipe_intents_unknown_age_seconds');
  const become = (change: { status: string } | { phase: string }) =>
    db.updateTable('loader.run').set(change).where('id', '=', seeded.runId).execute();
  expect(await age()).toBeGreaterThan(590);

  await become({ phase: 'persons' });
  expect(await age()).toBe(0);
  await become({ phase: 'deals' });
  for (const status of ['waiting_budget', 'waiting_person', 'paused', 'cancelled']) {
    await become({ status });
    expect([status, await age()]).toEqual([status, 0]);
  }
  // All the same they are there: two of this connection, two of the first.
  expect(gaugeOf(await count(ctx), 'octopipe_intents_unknown')).toBe(4);
  // The next one has only begun to look. A rollback looks for those of every entity before all else.
  await become({ status: 'running' });
  expect(await age()).toBeLessThan(60);
  await db
    .insertInto('loader.runPhase')
    .values({ tenantId: seeded.tenantId, runId: seeded.runId, phase: 'look', position: 0, state: 'running' })
    .execute();
  await become({ phase: 'look' });
  await stoodStill(seeded, '1 hour');
  expect(await age()).toBeGreaterThan(590);
});

test('the tokens of yesterday are not those of today', async () => {
  await rig.database.db
    .updateTable('loader.companyBudget')
    .set({ day: sql<string>`current_date - 1`, spent: 500 })
    .where('companyKey', '=', 'pipedrive.com#1')
    .execute();
  const samples = shown(await count(ctx), []);
  expect(samples['octopipe_tokens_used company=pipedrive.com#1']).toBe(0);
  expect(samples['octopipe_tokens_left company=pipedrive.com#1']).toBe(800);
  // A run says the same of its day.
  const { id } = await rig.database.db
    .selectFrom('loader.run')
    .select('loader.run.id')
    .innerJoin('loader.connection as c', 'c.id', 'connectionId')
    .where('c.companyKey', '=', 'pipedrive.com#1')
    .executeTakeFirstOrThrow();
  const tenantId = rig.tenant.id;
  const { tokens } = await inTransaction(ctx.db, { role: 'loader', tenantId }, (tx) =>
    presentRun(tx, tenantId, id),
  );
  expect(tokens).toMatchObject({ spent_today: 0, daily_share: 800, daily_limit: 1_000 });
});

interface Seeded {
  tenantId: string;
  connectionId: string;
  runId: string;
}

/** A run in its deals phase with two batches of persons and two of deals, all pending, and its company's budget. */
async function seedRun(tenantId: string, companyKey: string, status: string): Promise<Seeded> {
  const { db } = rig.database;
  const connection = await db
    .insertInto('loader.connection')
    .values({
      tenantId,
      companyKey,
      baseUrl: 'https://x.pipedrive.com',
      companyDomain: 'x',
      sealedToken: Buffer.alloc(1),
      state: 'ready',
      plan: 'growth',
      seats: 1,
      planSource: 'test',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const run = await db
    .insertInto('loader.run')
    .values({
      tenantId,
      migrationId: rig.ids.migrationId,
      connectionId: connection.id,
      exportId: rig.ids.exportId,
      mappingVersionId: rig.ids.mappingVersionId,
      setId: rig.ids.setId,
      kind: 'production',
      status,
      phase: 'deals',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('loader.runPhase')
    .values({ tenantId, runId: run.id, phase: 'deals', position: 5, entity: 'deal', state: 'running' })
    .execute();
  await sql`insert into loader.batch_progress (tenant_id, run_id, batch_id, entity, seq, state)
    select ${tenantId}, ${run.id}, id, entity, seq, 'pending' from transform.load_batch
    where set_id = ${rig.ids.setId} and entity in ('person', 'deal')`.execute(db);
  await db
    .insertInto('loader.companyBudget')
    .values({
      companyKey,
      day: sql<string>`(now() at time zone 'utc')::date`,
      dailyLimit: 1_000,
      ceiling: 800,
      burstLimit: 20,
    })
    .execute();
  return { tenantId, connectionId: connection.id, runId: run.id };
}

/** A run of the same connection that has failed before its first batch. */
async function failAnother(seeded: Seeded): Promise<Seeded> {
  const { rows } = await sql<{ id: string }>`
    insert into loader.run (tenant_id, migration_id, connection_id, export_id, mapping_version_id, set_id, kind, status, reason_code)
    select tenant_id, migration_id, connection_id, export_id, mapping_version_id, set_id, kind, 'failed', 'plan_changed'
    from loader.run where id = ${seeded.runId}
    returning id`.execute(rig.database.db);
  return { ...seeded, runId: rows[0]?.id ?? '' };
}

async function finishBatches({ runId }: Seeded, entity: string, upTo: number): Promise<void> {
  await rig.database.db
    .updateTable('loader.batchProgress')
    .set({ state: 'done' })
    .where('runId', '=', runId)
    .where('entity', '=', entity)
    .where('seq', '<', upTo)
    .execute();
}

/** One lost answer, one call that is past its deadline, one that is still on its way, one that is known. */
async function seedIntents({ tenantId, connectionId, runId }: Seeded): Promise<void> {
  for (const [key, state, deadline] of [
    ['deal:1', 'ambiguous', '-10 minutes'],
    ['deal:2', 'sent', '-1 minute'],
    ['deal:3', 'sent', '1 minute'],
    ['deal:4', 'confirmed', '-1 hour'],
  ] as const)
    await rig.database.db
      .insertInto('loader.intent')
      .values({
        tenantId,
        connectionId,
        runId,
        state,
        targetKey: key,
        entity: 'deal',
        operation: 'create',
        generation: 1,
        payloadHash: 'x',
        deadline: sql<Date>`now() + ${deadline}::interval`,
        createdAt: sql<Date>`now() + ${deadline}::interval`,
      })
      .execute();
}

/** As the database's owner without the trigger: what an hour of waiting would leave. */
async function stoodStill({ runId }: Seeded, forHowLong: string): Promise<void> {
  const { db } = rig.database;
  const then = sql<Date>`now() - ${forHowLong}::interval`;
  await db.transaction().execute(async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    await tx.updateTable('loader.batchProgress').set({ movedAt: then }).where('runId', '=', runId).execute();
    await tx.updateTable('loader.run').set({ statusSince: then }).where('id', '=', runId).execute();
    await tx.updateTable('loader.runPhase').set({ startedAt: then }).where('runId', '=', runId).execute();
  });
}

function shown(samples: Sample[], except: string[]): Record<string, number> {
  return Object.fromEntries(
    samples
      .filter(({ name }) => !except.includes(name))
      .map(({ name, labels, value }) => [
        [name, ...Object.entries(labels).map(([label, word]) => `${label}=${word}`)].join(' '),
        value,
      ]),
  );
}

function gaugeOf(samples: Sample[], name: string): number | undefined {
  return samples.find((sample) => sample.name === name)?.value;
}

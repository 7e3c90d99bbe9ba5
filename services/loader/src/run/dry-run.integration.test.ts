import { hashOf } from '@octopipe/shared/core/canonical-json';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import { control, runReaches, simState, startRun } from '../testing/loader-run.js';
import { manyPayloads } from '../testing/many-payloads.js';

type StoredFile = Parameters<typeof manyPayloads>[1];

const ends = ['done', 'failed', 'waiting_person'];
/** `npm run chaos -- --only dry-run` asks for more than one of each. */
const records = Number(process.env.DRY_RUN_RECORDS ?? 0);
const size =
  records > 0 ? { payloads: (file: StoredFile) => manyPayloads(records, file), recordsPerBatch: 100 } : {};
const patience = records > 0 ? 1_800_000 : 200_000;

/** Writes by operation as they were counted when they left, without those that make schema and probe the account. */
async function executedCalls(rig: LoaderRig, runId: string): Promise<Record<string, number>> {
  const rows = await rig.database.db
    .selectFrom('loader.tokenUse')
    .select(['operation', sql<number>`sum(calls)::int`.as('calls')])
    .where('runId', '=', runId)
    .where(sql<boolean>`operation ~ '^(create|add|update|upload)'`)
    .where(sql<boolean>`operation !~ '(Field|FieldOptions|Pipeline|Stage|ActivityType|LeadLabel)$'`)
    .groupBy('operation')
    .orderBy('operation')
    .execute();
  const calls = Object.fromEntries(rows.map((row) => [row.operation, row.calls]));
  return { ...calls, createDeal: (calls.createDeal ?? 0) - 1 };
}

/** Field workers as ingest would have staged them. */
async function stageWorkers(rig: LoaderRig, workers: ReadonlyArray<{ name: string; email: string }>) {
  const { db } = rig.database;
  const of = { tenantId: rig.tenant.id, exportId: rig.ids.exportId };
  const { id: fileId } = await db
    .insertInto('ingest.exportFile')
    .values({
      ...of,
      ...{ object: 'fieldworker', path: 'fieldworkers.csv', kind: 'table', state: 'staged' },
      ...{ rowCount: workers.length, firstRow: 1, blob: '0'.repeat(32), bytes: 1, sha256: 'f'.repeat(64) },
      columns: JSON.stringify([
        { header: 'Display name', field: 'display_name' },
        { header: 'Email', field: 'email' },
      ]),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const partition = sql.id('ingest', `staged_row_${of.exportId.replaceAll('-', '')}`);
  await sql`create table ${partition} partition of ingest.staged_row for values in (${sql.lit(of.exportId)})`.execute(
    db,
  );
  for (const [i, { name, email }] of workers.entries())
    await db
      .insertInto('ingest.stagedRow')
      .values({
        ...of,
        ...{ object: 'fieldworker', rowNumber: i + 1, sourceId: String(i + 1), fileId },
        ...{ cells: [name, email], rowHash: Buffer.from('hash'), refs: [] },
      })
      .execute();
}

async function dryRun(rig: LoaderRig, loader: LoaderProcess) {
  const { id } = await startRun(rig, loader, { kind: 'dry_run' });
  const { status, plan, phases, owners } = await runReaches(loader, id, ends, patience);
  expect({ status, written: phases.some((phase) => phase.created > 0) }).toEqual({
    status: 'done',
    written: false,
  });
  if (!plan) throw new Error('a dry run has a plan');
  return { plan, owners };
}

it(
  'a dry run plans what is then written, the same on every machine, and a run with its hash writes nothing else',
  async () => {
    const here = await createLoaderRig(size);
    const there = await createLoaderRig(size);
    try {
      // Another account: what stands there is different, and so is every id that ours would get.
      await control(there, 'seed', {
        persons: Array.from({ length: 17 }, (_, n) => ({ name: `Theirs ${n}` })),
        deals: Array.from({ length: 5 }, (_, n) => ({ title: `Theirs ${n}` })),
      });
      // Nothing dies here: nobody is to be taken for dead.
      const patient = { LEASE_MS: '30000', REQUEST_TIMEOUT_MS: '10000', QUEUE_LOCK_MS: '30000' };
      const [loader, loaderThere] = [await here.startLoader(patient), await there.startLoader(patient)];
      const ledger = async (rig: LoaderRig) => (await fetch(`${rig.sim.url}/__sim/ledger`)).text();
      const before = await ledger(there);
      const [user] = (await simState(here)).users ?? [];
      const others = { name: 'Nora New', email: 'nora@nowhere.example' };
      await stageWorkers(here, [
        others,
        { name: 'Una User', email: String(user?.email) },
        { name: 'Ned', email: '' },
      ]);
      const { plan, owners } = await dryRun(here, loader);
      // Who is no user is named before anything is written, with what would go to somebody else.
      const hers = here.records.filter(({ payload }) => JSON.stringify(payload).includes('fieldworker:1"'));
      expect(hers.length).toBeGreaterThan(0);
      expect(owners).toEqual({
        ...{ matched: 1, unmatched: 2, records: hers.length },
        workers: [
          { source_key: 'fieldworker:1', name: 'Nora New', why: 'no_user', records: hers.length },
          { source_key: 'fieldworker:3', name: 'Ned', why: 'no_email', records: 0 },
        ],
      });
      const elsewhere = await dryRun(there, loaderThere);
      expect([elsewhere.plan, elsewhere.owners?.unmatched]).toEqual([plan, 0]);
      expect([await ledger(here), await ledger(there)]).toEqual(['', before]);

      const run = await startRun(here, loader, { plan_hash: plan.hash });
      expect(await runReaches(loader, run.id, ends, patience)).toMatchObject({
        status: 'done',
        verified: { records: here.records.length, differences: 0 },
      });
      expect(await executedCalls(here, run.id)).toEqual(plan.by_operation);
      const calls = Object.values(plan.by_operation).reduce((all, of) => all + of, 0);
      console.log(
        `R14: ${here.records.length} records, ${calls} calls planned and the same ${calls} made; one plan hash for two accounts`,
      );
      // The second pass writes nothing, and says so beforehand.
      expect((await dryRun(here, loader)).plan.by_operation).toEqual({});

      const payload = { name: 'Renamed', custom_fields: {} };
      await there.database.db
        .updateTable('transform.mappedRecord')
        .set({ payload: JSON.stringify(payload), payloadHash: hashOf(payload) })
        .where('targetKey', '=', 'customer:1')
        .execute();
      const changed = await startRun(there, loaderThere, { plan_hash: plan.hash });
      expect(await runReaches(loaderThere, changed.id, ends, patience)).toMatchObject({
        status: 'failed',
        reason_code: 'plan_changed',
      });
      expect(await ledger(there)).toBe(before);
    } finally {
      await here.close();
      await there.close();
    }
  },
  patience * 2,
);

import { seededRandom } from '@octopipe/simulator/account/random';
import { expect, it } from 'vitest';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import { loadToEnd, runReaches, type ShownRun } from '../testing/loader-run.js';
import { manyPayloads } from '../testing/many-payloads.js';
import { plantCorruptions } from '../testing/plant-corruptions.js';
import { ledgerOf, seedCustomer } from '../testing/rollback-run.js';

/** `npm run chaos -- --only planted` asks for more. */
const corruptions = Number(process.env.VERIFY_CORRUPTIONS ?? 60);
const cleanRuns = Number(process.env.VERIFY_CLEAN_RUNS ?? 2);
const records = Number(process.env.VERIFY_RECORDS ?? 200);
const seed = Number(process.env.ROLLBACK_SEED ?? 16);

it(`R16: ${corruptions} planted corruptions are found, each by its name, and ${cleanRuns} clean runs say nothing`, {
  timeout: 3_600_000,
}, async () => {
  const rig = await createLoaderRig({
    payloads: (file) => manyPayloads(records, file),
    recordsPerBatch: 100,
    simulator: { seed },
  });
  try {
    await seedCustomer(rig, 10);
    const loader = await rig.startLoader({ LEASE_MS: '20000' });
    const { run: load } = await loadToEnd(rig, loader, 1_200_000);
    expect(load).toMatchObject({ status: 'done', verified: { differences: 0 } });
    const written = (await ledgerOf(rig)).length;
    const alarms: string[] = [];
    for (let n = 0; n < cleanRuns; n += 1) alarms.push(...(await verify(rig, loader, load.id)).found);
    expect(alarms).toEqual([]);

    const planted = await plantCorruptions(rig, corruptions, seededRandom(seed));
    const { run, found } = await verify(rig, loader, load.id);
    expect(found).toEqual(planted);
    const gone = planted.filter((name) => name.endsWith(' missing')).length;
    expect(gone).toBeGreaterThan(0);
    expect(run.verified).toMatchObject({
      records: rig.records.length - gone,
      differences: planted.length,
    });
    expect((await ledgerOf(rig)).length).toBe(written);
    console.log(
      `R16 ${JSON.stringify({
        seed,
        records: rig.records.length,
        planted: corruptions,
        named: found.length,
        missed: 0,
        cleanRuns,
        falseAlarms: alarms.length,
        verifyTokens: run.tokens.spent,
        loadTokens: load.tokens.spent,
        share: `${((100 * run.tokens.spent) / load.tokens.spent).toFixed(1)} %`,
      })}`,
    );
  } finally {
    await rig.close();
  }
});

/** Reads everything back; every difference as `<target key> <field> <kind>`. */
async function verify(
  rig: LoaderRig,
  loader: LoaderProcess,
  loadId: string,
): Promise<{ run: ShownRun; found: string[] }> {
  const { status, body } = await loader.api<ShownRun>('POST', `/v1/runs/${loadId}/verify`, {});
  expect(status).toBe(201);
  const run = await runReaches(loader, body.id, ['done', 'failed'], 600_000);
  expect(run).toMatchObject({ status: 'done', reason: null });
  const rows = await rig.database.db
    .selectFrom('loader.difference')
    .select(['targetKey', 'field', 'kind'])
    .where('runId', '=', run.id)
    .execute();
  return { run, found: rows.map((row) => `${row.targetKey} ${row.field} ${row.kind}`).sort() };
}

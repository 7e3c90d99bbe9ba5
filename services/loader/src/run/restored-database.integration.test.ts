import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeFlags } from '@octopipe/shared/embedded/node-flags';
import { copyTestDatabase, type TestDatabase } from '@octopipe/shared/testing/postgres';
import { describe, expect, it } from 'vitest';
import { expectExactlyOnce } from '../testing/expect-exactly-once.js';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import {
  connect,
  control,
  loadToEnd,
  runReaches,
  type ShownRun,
  simState,
  startRun,
  until,
  writesByKey,
} from '../testing/loader-run.js';
import { rollbackReaches, schemaLists, standing, startRollback } from '../testing/rollback-run.js';

// The build, as it is run after a restore (`npm test` builds first).
const program = fileURLToPath(new URL('../../dist/bundle/cancel-live-runs.js', import.meta.url));
/** Two looks at each of nine entities, in runs one after the other. */
const patienceMs = 240_000;
const ends = ['done', 'failed', 'waiting_person', 'cancelled'];

/** A rig whose database can be put back to where it was when the backup was made; the account goes on. */
async function withBackup(
  work: (rig: LoaderRig, backUp: () => Promise<TestDatabase>) => Promise<void>,
  simulator = {},
): Promise<void> {
  const rig = await createLoaderRig({ simulator });
  const backups: TestDatabase[] = [];
  try {
    await work(rig, async () => {
      const backup = await copyTestDatabase(rig.databaseUrl);
      backups.push(backup);
      return backup;
    });
  } finally {
    await rig.close();
    for (const backup of backups) await backup.drop();
  }
}

/** Steps 5 to 7 of the runbook. */
async function startOn(rig: LoaderRig, backup: TestDatabase): Promise<LoaderProcess> {
  await promisify(execFile)(process.execPath, [...nodeFlags, program], {
    env: { PATH: process.env.PATH, DATABASE_URL: backup.url },
  });
  return rig.startLoader({ DATABASE_URL: backup.url });
}

interface ShownConnection {
  doubt: { since: string; settled_at: string | null } | null;
}

async function doubtOf(loader: LoaderProcess, connectionId: string): Promise<ShownConnection['doubt']> {
  return (await loader.api<ShownConnection>('GET', `/v1/connections/${connectionId}`)).body.doubt;
}

function sumOf(run: ShownRun, what: 'created' | 'updated' | 'unchanged'): number {
  return run.phases.reduce((sum, phase) => sum + phase[what], 0);
}

/** Waits until something of several entities is written. */
async function halfWay(rig: LoaderRig): Promise<void> {
  for (const end = Date.now() + patienceMs; Object.keys(await writesByKey(rig)).length < 18; ) {
    if (Date.now() > end) throw new Error('the run did not come to its middle');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function expectNothingLeftToWrite(rig: LoaderRig, loader: LoaderProcess): Promise<ShownRun> {
  const before = await writesByKey(rig);
  const { run } = await loadToEnd(rig, loader, patienceMs);
  expect(run).toMatchObject({ status: 'done', verified: { differences: 0 } });
  expect([sumOf(run, 'created'), sumOf(run, 'updated'), sumOf(run, 'unchanged')]).toEqual([
    0,
    0,
    rig.records.length,
  ]);
  expect(await writesByKey(rig)).toEqual(before);
  return run;
}

describe('a database that was restored, while the account kept what was written since the backup', () => {
  it('from the middle of a run: the next run finds the rest, writes it once, and settles the doubt', () =>
    withBackup(
      async (rig, backUp) => {
        const first = await rig.startLoader();
        const lost = await startRun(rig, first);
        await halfWay(rig);
        await first.stop();
        const backup = await backUp();
        expect(Object.keys(await writesByKey(rig)).length).toBeLessThan(rig.records.length);
        const second = await rig.startLoader();
        await expectExactlyOnce(rig, await runReaches(second, lost.id, ends, patienceMs));
        await second.stop();

        const restored = await startOn(rig, backup);
        const connectionId = await connect(rig, restored);
        expect(await doubtOf(restored, connectionId)).toMatchObject({ settled_at: null });
        expect((await runReaches(restored, lost.id, ends, patienceMs)).reason_code).toBe('database_restored');
        // Half of what stands is not known: a rollback would leave it.
        expect(await restored.api('POST', `/v1/runs/${lost.id}/rollback`, {})).toMatchObject({
          status: 409,
          body: { code: 'connection_in_doubt' },
        });
        const { run: dry } = await loadUnder(rig, restored, 'dry_run');
        expect(dry.plan?.not_yet_known).toEqual(expect.arrayContaining(['note', 'file']));
        const { run } = await loadUnder(rig, restored, 'production');
        await expectExactlyOnce(rig, run);
        expect(await doubtOf(restored, connectionId)).toMatchObject({ settled_at: expect.any(String) });
        await expectNothingLeftToWrite(rig, restored);
      },
      { requestsPer2s: 40 },
    ));

  it('from before the account was connected, with a deal archived since: nothing is made again, the schema neither', () =>
    withBackup(async (rig, backUp) => {
      const backup = await backUp();
      const first = await rig.startLoader();
      const { run: lost } = await loadToEnd(rig, first, patienceMs);
      await expectExactlyOnce(rig, lost);
      await first.stop();
      const schema = schemaOf(await simState(rig));
      const [deal, worked] = (await simState(rig)).deals?.filter((row) => row.is_deleted !== true) ?? [];
      await control(rig, 'edit', {
        changes: [
          { entity: 'deals', id: deal?.id, set: { is_archived: true } },
          { entity: 'deals', id: worked?.id, set: { probability: 40 } },
        ],
      });

      const restored = await startOn(rig, backup);
      const connectionId = await connect(rig, restored);
      expect(await doubtOf(restored, connectionId)).toMatchObject({ settled_at: null });
      const { run } = await loadToEnd(rig, restored, patienceMs);
      await expectExactlyOnce(rig, run);
      expect(schemaOf(await simState(rig))).toEqual(schema);
      const last = await expectNothingLeftToWrite(rig, restored);
      // What people have done since the backup is in no image of ours: nothing that was only found again is deleted.
      const stood = await standing(rig);
      const back = await startRollback(restored, last.id);
      const ended = await rollbackReaches(restored, back.id);
      expect(ended).toMatchObject({ status: 'done', reason: null });
      expect((await standing(rig)).records).toEqual(stood.records);
      const notes = rig.records.filter(({ entity }) => entity === 'note').length;
      expect(ended.rollback?.entities.note).toMatchObject({ delete: 0, keep: { never_read_back: notes } });
    }));

  it('that knows the account, and a run that only the account remembers in part', () =>
    withBackup(
      async (rig, backUp) => {
        const first = await rig.startLoader();
        await connect(rig, first);
        await first.stop();
        const backup = await backUp();
        const second = await rig.startLoader();
        await startRun(rig, second);
        await halfWay(rig);
        await second.stop();
        expect(Object.keys(await writesByKey(rig)).length).toBeLessThan(rig.records.length);

        // Killed while it looks: whoever comes next begins there.
        const killed = await startOn(rig, backup);
        const again = await startRun(rig, killed);
        await until(
          async () =>
            ((await killed.api<ShownRun>('GET', `/v1/runs/${again.id}`)).body.phases.find(
              ({ phase }) => phase === 'persons',
            )?.created ?? 0) > 0,
        );
        killed.kill();
        const restored = await rig.startLoader({ DATABASE_URL: backup.url });
        await expectExactlyOnce(rig, await runReaches(restored, again.id, ends, patienceMs));
        await expectNothingLeftToWrite(rig, restored);
      },
      { requestsPer2s: 40 },
    ));
});

async function loadUnder(
  rig: LoaderRig,
  loader: LoaderProcess,
  kind: 'production' | 'dry_run',
): Promise<{ run: ShownRun }> {
  const { id } = await startRun(rig, loader, { kind });
  return { run: await runReaches(loader, id, ends, patienceMs) };
}

function schemaOf(state: Awaited<ReturnType<typeof simState>>) {
  return Object.fromEntries(schemaLists.map((list) => [list, state[list]]));
}

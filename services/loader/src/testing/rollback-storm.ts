import { seededRandom } from '@octopipe/simulator/account/random';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from './loader-rig.js';
import { control, loadToEnd } from './loader-run.js';
import { manyPayloads } from './many-payloads.js';
import {
  controlAnswer,
  edit,
  expectOnlyOurs,
  rollbackReaches,
  seedCustomer,
  standing,
  startRollback,
  undoneByKey,
} from './rollback-run.js';

export interface StormFigures {
  seed: number;
  records: number;
  kills: number;
  lostAnswers: number;
  deleted: number;
  kept: number;
  preExistingTouched: number;
  editedTouched: number;
  tokensPlanned: number;
  tokensSpent: number;
}

/**
 * R15: a load into a filled account, edits by people, and a rollback whose workers are killed all the way through, with
 * answers lost on top. The judge is the simulator's ledger and its state: whatever stood before or was edited stands
 * unchanged, and all the rest of ours is gone.
 */
export async function rollbackStorm(size: {
  records: number;
  kills: number;
  seed: number;
}): Promise<StormFigures> {
  const random = seededRandom(size.seed);
  const rig = await createLoaderRig({
    payloads: (file) => manyPayloads(size.records, file),
    recordsPerBatch: 100,
    simulator: { seed: size.seed },
  });
  try {
    await seedCustomer(rig, 10);
    const before = await standing(rig);
    const loading = await startWorker(rig);
    const { run: load } = await loadToEnd(rig, loading, 300_000);
    expect(load).toMatchObject({ status: 'done', verified: { differences: 0 } });
    const edited = await editSome(rig, random);
    const edits = await standing(rig);
    const lost = { probability: 0.02, delay_ms: 200 };
    await control(rig, 'faults', {
      seed: size.seed,
      rules: [
        'deleteDeal',
        'deletePerson',
        'deleteActivity',
        'deleteNote',
        'deleteFile',
        'deletePersonField',
      ].flatMap((operation) =>
        ['reset-after', '5xx-after', 'truncated-after', 'late-commit', '5xx-before', '429'].map((kind) => ({
          operation,
          kind,
          ...lost,
        })),
      ),
    });
    await loading.stop();
    let atSteps = 0;
    let id = '';
    for (const step of firstSteps) {
      const doomed = await startWorker(rig, step);
      if (id === '') id = (await startRollback(doomed, load.id)).id;
      await doomed.exited;
      atSteps += 1;
    }
    const stormed = await killAllTheWay(rig, await startTwo(rig), id, size, random);
    if (await diesInSchema(rig, id)) atSteps += 1;
    const ends = ['done', 'failed', 'waiting_person'];
    const done = await rollbackReaches(await startWorker(rig), id, ends, 300_000);
    expect(done).toMatchObject({ status: 'done', reason: null });

    const after = await standing(rig);
    const outcomes = await undoneByKey(rig, id);
    await expectOnlyOurs(rig);
    const stands = new Set(after.records.map(nameOf));
    const untouched = new Set(after.records.map((record) => JSON.stringify(record)));
    const harmed = (records: Array<Record<string, unknown>>) =>
      records.filter((record) => !untouched.has(JSON.stringify(record)));
    const preExisting = new Set(before.records.map(nameOf));
    const editedRecords = edits.records.filter((record) => edited.has(nameOf(record)));
    const figures: StormFigures = {
      seed: size.seed,
      records: rig.records.length,
      kills: stormed + atSteps,
      lostAnswers: await strikesOf(rig),
      deleted: Object.values(outcomes).filter((outcome) => outcome === 'deleted').length,
      kept: Object.values(outcomes).filter((outcome) => outcome.startsWith('kept')).length,
      preExistingTouched: harmed(edits.records.filter((record) => preExisting.has(nameOf(record)))).length,
      editedTouched: harmed(editedRecords).length,
      tokensPlanned: done.tokens.planned,
      tokensSpent: done.tokens.spent,
    };
    expect(stormed).toBe(size.kills);
    expect(figures).toMatchObject({ preExistingTouched: 0, editedTouched: 0 });
    // Of ours only what was kept stands, unchanged; the rest is gone, each deleted once (expectOnlyOurs).
    expect(figures.deleted + figures.kept).toBe(rig.records.length);
    expect(stands.size).toBe(edits.records.length - figures.deleted);
    expect(harmed(edits.records.filter((record) => stands.has(nameOf(record))))).toEqual([]);
    return figures;
  } finally {
    await rig.close();
  }
}

/** One in twenty of our persons and deals is edited, and as many persons get a deal of the customer's own. */
async function editSome(rig: LoaderRig, random: () => number): Promise<Set<string>> {
  const rows = await rig.database.db
    .selectFrom('loader.targetRecord')
    .select(['entity', 'targetId'])
    .where('entity', 'in', ['person', 'deal', 'note'])
    .orderBy('targetKey')
    .execute();
  const edited = new Set<string>();
  for (const { entity, targetId } of rows) {
    if (random() >= 0.05) continue;
    const list = `${entity}s`;
    const set =
      entity === 'person'
        ? { phones: [{ value: '+61400', primary: true, label: 'work' }] }
        : entity === 'deal'
          ? { value: 7 }
          : { content: 'rewritten by a person' };
    await edit(rig, { entity: list, id: Number(targetId), set });
    edited.add(`${list} ${targetId}`);
  }
  const people = rows.filter(({ entity }) => entity === 'person').filter(() => random() < 0.05);
  await controlAnswer(rig, 'seed', {
    deals: people.map(({ targetId }) => ({ title: 'Came back', person_id: Number(targetId) })),
  });
  return edited;
}

/** Steps that a kill at some moment would rarely hit, in the order in which a rollback comes by. */
const firstSteps = ['loader.look_before_save', 'loader.undo_after_answer@file'];
const schemaStep = 'loader.schema_after_call:2';

/** A lease that outlives the pauses of a busy machine. */
function startWorker(rig: LoaderRig, failpoint?: string): Promise<LoaderProcess> {
  return rig.startLoader({
    LEASE_MS: '3000',
    ...(failpoint === undefined ? {} : { OCTOPIPE_FAILPOINT: failpoint }),
  });
}

/** False when the storm's workers had got to the end before they were stopped. */
async function diesInSchema(rig: LoaderRig, runId: string): Promise<boolean> {
  const doomed = await startWorker(rig, schemaStep);
  const ended = await Promise.race([
    doomed.exited.then(() => 'killed' as const),
    rollbackReaches(doomed, runId, ['done', 'failed'], 300_000).then(
      () => 'done' as const,
      () => 'killed' as const,
    ),
  ]);
  if (ended === 'done') await doomed.stop();
  return ended === 'killed';
}

function startTwo(rig: LoaderRig): Promise<[LoaderProcess, LoaderProcess]> {
  return Promise.all([startWorker(rig), startWorker(rig)]);
}

/** Kills one of two workers each time another share of the deletes is done; a new one takes its place. */
async function killAllTheWay(
  rig: LoaderRig,
  workers: LoaderProcess[],
  runId: string,
  size: { kills: number },
  random: () => number,
): Promise<number> {
  const { body } = await watched(workers[0] as LoaderProcess, runId);
  const all = Object.values(body.rollback?.entities ?? {}).reduce((sum, entity) => sum + entity.delete, 0);
  let kills = 0;
  while (kills < size.kills) {
    const next = ((kills + random()) * all) / size.kills;
    await until(async () => (await undone(rig, runId)) >= next);
    const victim = random() < 0.5 ? 0 : 1;
    workers[victim]?.kill();
    await workers[victim]?.exited;
    kills += 1;
    workers[victim] = await startWorker(rig);
  }
  for (const worker of workers) await worker.stop();
  return kills;
}

async function undone(rig: LoaderRig, runId: string): Promise<number> {
  const { n } = await rig.database.db
    .selectFrom('loader.recordOutcome')
    .select(sql<number>`count(*)::int`.as('n'))
    .where('runId', '=', runId)
    .where('outcome', '=', 'deleted')
    .executeTakeFirstOrThrow();
  return n;
}

/** The run once it has looked. */
async function watched(loader: LoaderProcess, runId: string) {
  for (;;) {
    const answer = await loader.api<Awaited<ReturnType<typeof rollbackReaches>>>('GET', `/v1/runs/${runId}`);
    if (answer.body.rollback) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 300_000; Date.now() < end; ) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  throw new Error('the rollback stands still');
}

async function strikesOf(rig: LoaderRig): Promise<number> {
  const { faults } = (await (await fetch(`${rig.sim.url}/__sim/requests`)).json()) as {
    faults: Array<{ hits: number }>;
  };
  return faults.reduce((sum, rule) => sum + rule.hits, 0);
}

function nameOf(record: Record<string, unknown>): string {
  return `${record.list} ${record.id}`;
}

import { hashOf } from '@octopipe/shared/core/canonical-json';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import { control, loadToEnd, runReaches, type ShownRun } from '../testing/loader-run.js';
import { matchingContent, theirAccount } from '../testing/matching-fixture.js';
import { ourRecords, overlapping, prefilledSizes, theirRecords } from '../testing/prefilled-fixture.js';
import { edit, rollbackReaches, standing, startRollback, undoneByKey } from '../testing/rollback-run.js';

/** `npm run prefilled` takes the full size. */
const size = prefilledSizes[process.env.PREFILLED === 'full' ? 'full' : 'small'];
const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, count) => all + count, 0);

const patience = 3_000_000;

it(
  'a customer with much of their own in the account: 30 % are matched, the rest is not touched, twice; taken back, nobody is harmed',
  async () => {
    const rig = await createLoaderRig({ content: matchingContent, payloads: ourRecords(size) });
    try {
      await control(rig, 'seed', theirRecords(size));
      const before = await theirAccount(rig);
      const stood = await standing(rig);
      // Nobody dies here: nobody is to be taken for dead, no slow answer for a lost one, and paid for again.
      const patient = { LEASE_MS: '30000', QUEUE_LOCK_MS: '30000', REQUEST_TIMEOUT_MS: '10000' };
      const loader = await rig.startLoader(patient);
      const started = performance.now();
      const { run } = await loadToEnd(rig, loader, 3_000_000);
      expect(run).toMatchObject({
        status: 'done',
        reason: null,
        verified: { records: sum({ ...size }), differences: 0 },
      });
      const matched = { organizations: overlapping(size.organizations), persons: overlapping(size.persons) };
      const written = Object.fromEntries(run.phases.map((phase) => [phase.phase, phase]));
      expect(written).toMatchObject({
        organizations: {
          updated: matched.organizations,
          created: size.organizations - matched.organizations,
        },
        persons: { updated: matched.persons, created: size.persons - matched.persons },
        deals: { updated: 0, created: size.deals },
      });

      const after = await theirAccount(rig);
      for (const list of ['organizations', 'persons', 'deals'] as const) {
        const theirs = before[list] ?? [];
        const now = after[list]?.slice(0, theirs.length) ?? [];
        const harmed = theirs.filter((record, at) => !isKept(record, now[at] ?? {}));
        expect({ list, harmed }).toEqual({ list, harmed: [] });
        const changed = theirs.filter((record, at) => JSON.stringify(record) !== JSON.stringify(now[at]));
        expect({ list, changed: changed.length }).toEqual({
          list,
          changed: matched[list as keyof typeof matched] ?? 0,
        });
      }
      // As many list pages as both sides fill, a read per batch of matched records, and one write a record.
      expect(run.tokens.spent).toBeLessThanOrEqual(run.tokens.planned);

      const ledger = await (await fetch(`${rig.sim.url}/__sim/ledger`)).text();
      const second = await loadToEnd(rig, loader, 3_000_000);
      expect(second.run).toMatchObject({
        status: 'done',
        verified: { records: sum({ ...size }), differences: 0 },
      });
      expect(await (await fetch(`${rig.sim.url}/__sim/ledger`)).text()).toBe(ledger);
      console.info(
        `pre-filled account: ${sum({ ...size })} of theirs, ${sum({ ...size })} of ours, ${sum(matched)} matched, 0 harmed, second run 0 writes, ${run.tokens.spent} of ${run.tokens.planned} planned tokens, ${Math.round((performance.now() - started) / 1_000)} s`,
      );
      await takeBack(rig, loader, second.run.id, stood);
    } finally {
      await rig.close();
    }
  },
  patience,
);

/** Looks again, lets people edit, takes everything back, and compares the account with what stood there before the load. */
async function takeBack(
  rig: LoaderRig,
  loader: LoaderProcess,
  loadId: string,
  stood: Awaited<ReturnType<typeof standing>>,
): Promise<void> {
  const verify = await loader.api<ShownRun>('POST', `/v1/runs/${loadId}/verify`, {});
  expect(await runReaches(loader, verify.body.id, ['done', 'failed'], patience)).toMatchObject({
    status: 'done',
    verified: { differences: 0 },
  });
  const edits = await editSome(rig);
  const { id } = await startRollback(loader, loadId);
  const done = await rollbackReaches(loader, id, ['done', 'failed', 'waiting_person'], patience);
  expect(done).toMatchObject({ status: 'done', reason: null });

  const theirs = new Set(stood.records.map(nameOf));
  const expected = stood.records.map((record) => ({ ...record, ...edits.get(nameOf(record))?.set }));
  const { records } = await standing(rig);
  const [now, left] = [true, false].map((isTheirs) =>
    records.filter((record) => theirs.has(nameOf(record)) === isTheirs),
  ) as [typeof records, typeof records];
  const harmed = now.filter((record, at) => hashOf(record) !== hashOf(expected[at]));
  expect(harmed.slice(0, 3)).toEqual([]);
  expect(hashOf(now)).toBe(hashOf(expected));
  // Of ours stands what they edited, and what that hangs on; all of it as they left it.
  const outcomes = Object.values(await undoneByKey(rig, id));
  const kept = outcomes.filter((outcome) => outcome.startsWith('kept'));
  expect(left.length).toBe(kept.length);
  for (const record of left) expect(record).toMatchObject(edits.get(nameOf(record))?.set ?? {});
  const listed = await rig.database.db
    .selectFrom('loader.rollbackItem')
    .select(['targetKey', 'label'])
    .where('runId', '=', id)
    .where(sql<boolean>`fields <> '{}'`)
    .execute();
  const editedKeys = [...edits.values()].map(({ targetKey }) => targetKey).sort();
  expect(listed.map(({ targetKey }) => targetKey).sort()).toEqual(editedKeys);
  expect(listed.every(({ label }) => label !== null)).toBe(true);
  console.info(
    `pre-filled account taken back: ${stood.records.length} of theirs say what they said (state ${hashOf(now).slice(0, 12)}), ` +
      `${edits.size} edited records listed by name and left alone, ${outcomes.length - kept.length} of ours gone or put back, ` +
      `${kept.length} kept; tokens ${done.tokens.spent} of ${done.tokens.planned}`,
  );
}

/** One in thirty of the persons and deals that we wrote, among them some that are theirs. */
async function editSome(rig: LoaderRig): Promise<Map<string, { targetKey: string; set: object }>> {
  const rows = await rig.database.db
    .selectFrom('loader.targetRecord')
    .select(['entity', 'targetKey', 'targetId'])
    .where('entity', 'in', ['person', 'deal'])
    .orderBy(sql`target_id::int`)
    .execute();
  const edits = new Map(
    rows
      .filter((_row, n) => n % 30 === 7)
      .map(({ entity, targetKey, targetId }) => {
        const set =
          entity === 'person'
            ? { phones: [{ value: '+61 2 5550 0000', primary: true, label: 'work' }] }
            : { value: 7 };
        return [`${entity}s ${targetId}`, { targetKey, set }] as const;
      }),
  );
  const changes = [...edits].map(([name, { set }]) => {
    const [entity = '', id] = name.split(' ');
    return { entity, id: Number(id), set };
  });
  await edit(rig, ...changes);
  return edits;
}

function nameOf(record: Record<string, unknown>): string {
  return `${record.list} ${record.id}`;
}

/** Everything that was said is still said; only what was empty may be filled, and contacts added. */
function isKept(before: Record<string, unknown>, now: Record<string, unknown>): boolean {
  return Object.entries(before).every(([name, value]) => {
    if (value === null || (Array.isArray(value) && value.length === 0)) return true;
    if (Array.isArray(value))
      return value.every((entry) => JSON.stringify(now[name]).includes(JSON.stringify(entry)));
    if (name === 'custom_fields')
      return isKept(value as Record<string, unknown>, now[name] as Record<string, unknown>);
    return JSON.stringify(value) === JSON.stringify(now[name]);
  });
}

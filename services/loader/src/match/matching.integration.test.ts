import { hashOf } from '@octopipe/shared/core/canonical-json';
import { inTransaction } from '@octopipe/shared/db/index';
import type { Payload } from '@octopipe/shared/domain/mapping/record';
import { describe, expect, it } from 'vitest';
import { createLoaderRig, type LoaderRig } from '../testing/loader-rig.js';
import {
  accountByKey,
  control,
  faultsLeft,
  runReaches,
  type ShownRun,
  startRun,
  startWaived,
  until,
  writesByKey,
} from '../testing/loader-run.js';
import {
  emails,
  marked,
  matchingContent,
  matchingPayloads,
  seedTheirs,
  theirAccount,
} from '../testing/matching-fixture.js';
import { edit, rollbackReaches, startRollback, undoneByKey } from '../testing/rollback-run.js';

const ends = ['done', 'failed', 'waiting_person'];
const rigOf = () => createLoaderRig({ content: matchingContent, payloads: matchingPayloads });

const matchesOf = (rig: LoaderRig) =>
  rig.database.db
    .selectFrom('loader.recordMatch')
    .select(['targetKey', 'reason', 'decision', 'targetId', 'decidedBy'])
    .orderBy('targetKey')
    .execute();
const imagesOf = (rig: LoaderRig) =>
  rig.database.db
    .selectFrom('loader.beforeImage')
    .select(['targetKey', 'entity', 'targetId', 'image'])
    .orderBy('targetKey')
    .execute();
const openUpdates = async (rig: LoaderRig) =>
  (
    await rig.database.db
      .selectFrom('loader.intent')
      .select('state')
      .where('targetKey', '=', 'customer:1')
      .where('operation', '=', 'update')
      .execute()
  ).map(({ state }) => state);
const outcomesOf = (rig: LoaderRig, run: ShownRun) =>
  rig.database.db
    .selectFrom('loader.recordOutcome')
    .select(['targetKey', 'outcome'])
    .where('runId', '=', run.id)
    .orderBy('targetKey')
    .execute();

/** Everything that a disturbed and an undisturbed run must leave the same. */
async function endState(rig: LoaderRig, run: ShownRun) {
  return {
    account: await accountByKey(rig),
    theirs: (await theirAccount(rig)).persons?.slice(0, 5),
    creates: await writesByKey(rig),
    matches: await matchesOf(rig),
    images: await imagesOf(rig),
    outcomes: await outcomesOf(rig, run),
    verified: run.verified,
  };
}

describe('records that stand in the account already', () => {
  it('asks what is not sure, writes only the fields agreed on, and finds nothing to write the second time', async () => {
    const rig = await rigOf();
    try {
      const before = await seedTheirs(rig);
      const ids = (before.persons ?? []).map(({ id }) => String(id));
      const loader = await rig.startLoader();
      const run = await startRun(rig, loader);
      expect(await runReaches(loader, run.id, ends)).toMatchObject({
        status: 'waiting_person',
        reason_code: 'matches_open',
      });
      expect(await theirAccount(rig)).toEqual({ ...before, deals: expect.anything() });

      const { body } = await loader.api<{ items: Array<Record<string, unknown>> }>(
        'GET',
        `/v1/runs/${run.id}/questions`,
      );
      expect(body.items).toMatchObject([
        {
          target_key: 'customer:2',
          name: 'Bo Chen',
          reason: 'several_candidates',
          candidates: [{ target_id: ids[1] }, { target_id: ids[2] }],
        },
        {
          target_key: 'customer:4',
          reason: 'names_differ',
          candidates: [{ target_id: ids[3], agrees_in: ['email'] }],
        },
      ]);
      const answer = (answers: object[]) => loader.api('POST', `/v1/runs/${run.id}/questions`, { answers });
      expect(
        (await answer([{ target_key: 'customer:2', decision: 'match', target_id: ids[4] }])).status,
      ).toBe(409);
      expect((await answer([{ target_key: 'customer:3', decision: 'create' }])).status).toBe(409);
      expect(
        (await answer([{ target_key: 'customer:2', decision: 'match', target_id: ids[1] }])).body,
      ).toEqual({
        open: 1,
      });
      expect((await answer([{ target_key: 'customer:4', decision: 'create' }])).body).toEqual({ open: 0 });

      const ended = await runReaches(loader, run.id, ends);
      expect(ended).toMatchObject({
        status: 'done',
        reason: null,
        verified: { records: 12, differences: 0 },
      });
      expect(ended.tokens.spent).toBeLessThanOrEqual(ended.tokens.planned);
      expect(
        Object.fromEntries((await outcomesOf(rig, ended)).map((row) => [row.targetKey, row.outcome])),
      ).toMatchObject({
        'customer:1#org': 'updated',
        'customer:2#org': 'created',
        'customer:1': 'updated',
        'customer:2': 'updated',
        'customer:3': 'created',
        'customer:4': 'created',
        'service:1': 'updated',
        'service:2': 'created',
      });
      expect(await matchesOf(rig)).toMatchSnapshot('who is who, and who said so');
      expect(await accountByKey(rig)).toMatchSnapshot('the account');
      const images = await imagesOf(rig);
      expect(images.find((row) => row.targetKey === 'customer:1')).toMatchObject({
        targetId: ids[0],
        image: { name: 'Anna Lee', emails: [{ value: 'ann@mail.example', label: 'work', primary: true }] },
      });
      const now = await theirAccount(rig);
      expect(now.persons?.slice(2, 5)).toEqual(before.persons?.slice(2, 5));
      expect(now.organizations?.[1]).toEqual(before.organizations?.[1]);
      expect(now.products?.[1]).toEqual(before.products?.[1]);
      expect(now.deals?.[0]).toEqual(before.deals?.[0]);

      const ledger = await (await fetch(`${rig.sim.url}/__sim/ledger`)).text();
      const second = await runReaches(loader, (await startRun(rig, loader)).id, ends);
      expect(second).toMatchObject({ status: 'done', verified: { differences: 0 } });
      expect(second.phases.reduce((sum, phase) => sum + phase.unchanged, 0)).toBe(12);
      expect(await (await fetch(`${rig.sim.url}/__sim/ledger`)).text()).toBe(ledger);
      // Another tenant sees none of it.
      const other = { role: 'loader', tenantId: '00000000-0000-4000-8000-000000000000' } as const;
      expect(
        await inTransaction(rig.database.db, other, (tx) =>
          tx.selectFrom('loader.recordMatch').selectAll().execute(),
        ),
      ).toEqual([]);
    } finally {
      await rig.close();
    }
  });

  it('what people make of a record while our patch of it waits is theirs: kept, and put back by a rollback', async () => {
    const rig = await rigOf();
    try {
      const id = Number((await seedTheirs(rig)).persons?.[0]?.id);
      const person = async () => (await theirAccount(rig)).persons?.find((row) => row.id === id);
      const loader = await rig.startLoader({ LEASE_MS: '20000' });
      await control(rig, 'faults', { rules: [{ operation: 'updatePerson', kind: '429' }] });
      const run = await startWaived(rig, loader);
      await until(async () => (await openUpdates(rig)).includes('planned'));
      const phones = [{ value: '0255500101', primary: true, label: 'work' }];
      const made = [...emails('ann@mail.example'), { ...emails('ann@new.example')[0], primary: false }];
      await edit(rig, { entity: 'persons', id, set: { emails: made, phones } });
      await control(rig, 'faults', { rules: [] });
      expect(await runReaches(loader, run.id, ends)).toMatchObject({
        status: 'done',
        verified: { differences: 0 },
      });
      const values = (list: unknown) => (list as Array<{ value: string }>).map(({ value }) => value);
      const patched = await person();
      expect(patched).toMatchObject({ name: 'Ann Lee' });
      expect(values(patched?.emails)).toEqual([
        'ann@mail.example',
        'ann@new.example',
        'ann.lee@home.example',
      ]);
      expect(values(patched?.phones)).toEqual(['0255500101', '+61491570006']);

      const back = await startRollback(loader, run.id);
      expect(await rollbackReaches(loader, back.id)).toMatchObject({ status: 'done', reason: null });
      expect(await undoneByKey(rig, back.id)).toMatchObject({ 'customer:1': 'restored' });
      const theirs = await person();
      expect(theirs).toMatchObject({ name: 'Anna Lee', emails: made, phones, org_id: null });

      // Once more, and the patch arrives without our hearing of it: cancelled, it is put back all the same.
      await control(rig, 'faults', { rules: [{ operation: 'updatePerson', kind: 'reset-after', times: 1 }] });
      const lost = await startWaived(rig, loader);
      await until(async () => (await openUpdates(rig)).includes('ambiguous'));
      expect(await person()).toMatchObject({ name: 'Ann Lee' });
      await loader.api('POST', `/v1/runs/${lost.id}/cancel`, {});
      const again = await startRollback(loader, lost.id);
      expect(await rollbackReaches(loader, again.id)).toMatchObject({ status: 'done', reason: null });
      expect(await undoneByKey(rig, again.id)).toMatchObject({ 'customer:1': 'restored' });
      const { name, emails: kept, phones: numbers, org_id } = theirs ?? {};
      expect(await person()).toMatchObject({ name, emails: kept, phones: numbers, org_id });
      expect(await imagesOf(rig)).toEqual([]);
    } finally {
      await rig.close();
    }
  });

  it('a later patch that arrives without our hearing of it is ours: put back by a rollback, of their records and of ours', async () => {
    const payloadOf = (key: string) => matchingPayloads.find(([, one]) => one === key)?.[2] ?? {};
    const { phones, custom_fields, ...said } = payloadOf('customer:1');
    const before = { ...said, name: 'Anna Lee', emails: emails('ann@mail.example'), ...marked('customer:1') };
    const own = payloadOf('customer:3');
    const sets = [
      { 'customer:1': before, 'customer:3': own },
      { 'customer:1': payloadOf('customer:1'), 'customer:3': { ...own, name: 'Cyrus Dow' } },
    ];
    const rig = await rigOf();
    const exported = async (set: Record<string, Payload> = {}) => {
      for (const [targetKey, payload] of Object.entries(set))
        await rig.database.db
          .updateTable('transform.mappedRecord')
          .set({ payload: JSON.stringify(payload), payloadHash: hashOf(payload) })
          .where('targetKey', '=', targetKey)
          .execute();
    };
    try {
      const [{ name, emails: mails, phones: numbers } = {}] = (await seedTheirs(rig)).persons ?? [];
      const theirs = { name, emails: mails, phones: numbers, org_id: null };
      const persons = async () => (await theirAccount(rig)).persons ?? [];
      const loader = await rig.startLoader({ LEASE_MS: '20000' });
      for (const isCancelled of [false, true]) {
        await control(rig, 'faults', { rules: [] });
        await exported(sets[0]);
        const first = await runReaches(loader, (await startWaived(rig, loader)).id, ends);
        expect(first).toMatchObject({ status: 'done', verified: { differences: 0 } });
        expect((await persons())[0]).toMatchObject({ name: 'Anna Lee', phones: [] });

        await exported(sets[1]);
        const lost = { operation: 'updatePerson', kind: 'reset-after', times: 2 };
        await control(rig, 'faults', { rules: [lost] });
        const { id } = await startWaived(rig, loader);
        if (isCancelled) {
          await until(async () => (await faultsLeft(rig)).length === 0);
          await loader.api('POST', `/v1/runs/${id}/cancel`, {});
        } else
          expect(await runReaches(loader, id, ends)).toMatchObject({
            status: 'done',
            verified: { differences: 0 },
          });
        expect((await persons())[0]).toMatchObject({
          name: 'Ann Lee',
          emails: [{ value: 'ann@mail.example' }, { value: 'ann.lee@home.example' }],
          phones: [{ value: '+61491570006' }],
        });
        expect((await persons()).map(({ name }) => name)).toContain('Cyrus Dow');

        const back = await startRollback(loader, id);
        expect(await rollbackReaches(loader, back.id)).toMatchObject({ status: 'done', reason: null });
        expect(await undoneByKey(rig, back.id)).toMatchObject({
          'customer:1': 'restored',
          'customer:3': 'deleted',
        });
        const { custom_fields: custom, ...person } = (await persons())[0] ?? {};
        expect(person).toMatchObject(theirs);
        expect(Object.values(custom ?? {}).filter((value) => value !== null)).toEqual([]);
      }
    } finally {
      await rig.close();
    }
  }, 120_000);

  it('killed at each step, and with lost answers: the same account, images and outcomes', async () => {
    const undisturbed = await rigOf();
    await seedTheirs(undisturbed);
    const loader = await undisturbed.startLoader();
    const calm = await runReaches(loader, (await startWaived(undisturbed, loader)).id, ends);
    expect(calm).toMatchObject({ status: 'done', verified: { records: 12, differences: 0 } });
    const expected = await endState(undisturbed, calm);
    await undisturbed.close();
    expect(
      expected.matches.filter((row) => row.decidedBy === 'cli --yes').map((row) => row.targetKey),
    ).toEqual(['customer:2', 'customer:4']);

    const disturb = async (failpoint: string | undefined, faults: object[]) => {
      const rig = await rigOf();
      try {
        await seedTheirs(rig);
        await control(rig, 'faults', { rules: faults });
        const doomed = await rig.startLoader(failpoint ? { OCTOPIPE_FAILPOINT: failpoint } : {});
        const run = await startWaived(rig, doomed);
        if (failpoint) expect(await doomed.exited).toMatchObject({ signal: 'SIGKILL' });
        const next = failpoint ? await rig.startLoader() : doomed;
        const ended = await runReaches(next, run.id, ends);
        expect(await faultsLeft(rig)).toEqual([]);
        expect({ at: failpoint, ...(await endState(rig, ended)) }).toEqual({ at: failpoint, ...expected });
      } finally {
        await rig.close();
      }
    };
    const write = ['after_intent', 'after_answer', 'after_outcome'];
    const failpoints = ['loader.match_before_save', ...write.map((name) => `loader.${name}@person`)];
    const lost = ['updatePerson', 'updateOrganization', 'updateProduct'].map((operation) => ({
      operation,
      kind: 'reset-after',
      times: 1,
    }));
    const notWritten = ['getPersons', 'updatePerson'].map((operation) => ({
      operation,
      kind: '5xx-before',
      times: 1,
    }));
    // They wait for leases and settling times rather than compute.
    await Promise.all([
      ...failpoints.map((failpoint) => disturb(failpoint, [])),
      disturb(undefined, lost),
      disturb(undefined, notWritten),
    ]);
  }, 300_000);
});

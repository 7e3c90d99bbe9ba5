import { hashOf } from '@octopipe/shared/core/canonical-json';
import { noteHtml } from '@octopipe/shared/domain/convert/html';
import {
  markerField,
  markerFieldName,
  markerLine,
  type Payload,
  targetKeyOf,
} from '@octopipe/shared/domain/mapping/record';
import { describe, expect, it } from 'vitest';
import { expectExactlyOnce } from '../testing/expect-exactly-once.js';
import { createLoaderRig, type LoaderRig } from '../testing/loader-rig.js';
import {
  control,
  faultsLeft,
  loadToEnd,
  runReaches,
  simState,
  startRun,
  until,
  writesByKey,
} from '../testing/loader-run.js';
import { rollbackReaches, startRollback, undoneByKey } from '../testing/rollback-run.js';
import { saveConfirmation } from './note-outcome.js';

const ends = ['done', 'failed', 'waiting_person'];

const openIntents = (rig: LoaderRig) =>
  rig.database.db.selectFrom('loader.intent').select('id').where('state', '=', 'ambiguous').execute();

describe('what is known later than the batch that wrote it', () => {
  it('a batch left settling without an open intent goes on (its walk died, or a late answer closed the last one)', async () => {
    const rig = await createLoaderRig({ simulator: { requestsPer2s: 60 } });
    try {
      const loader = await rig.startLoader();
      const run = await startRun(rig, loader);
      await until(async () => {
        const { numUpdatedRows } = await rig.database.db
          .updateTable('loader.batchProgress')
          .set({ state: 'settling' })
          .where('entity', '=', 'file')
          .where('state', '=', 'pending')
          .executeTakeFirstOrThrow();
        return numUpdatedRows > 0n;
      });
      await expectExactlyOnce(rig, await runReaches(loader, run.id, ends));
    } finally {
      await rig.close();
    }
  });

  it('a lost answer of a cancelled run, found by one with other content: updated, not taken for written', async () => {
    const payload = { name: 'Ann', custom_fields: { [markerFieldName]: 'customer:1' } };
    const rig = await createLoaderRig({ payloads: [['person', 'customer:1', payload]] });
    try {
      const loader = await rig.startLoader({ SETTLE_MS: '1500' });
      await control(rig, 'faults', { rules: [{ operation: 'createPerson', kind: 'reset-after', times: 1 }] });
      const run = await startRun(rig, loader);
      await until(async () => (await openIntents(rig)).length > 0);
      await loader.api('POST', `/v1/runs/${run.id}/cancel`, {});
      const changed = { ...payload, name: 'Anne' };
      await rig.database.db
        .updateTable('transform.mappedRecord')
        .set({ payload: JSON.stringify(changed), payloadHash: hashOf(changed) })
        .execute();
      const second = await loadToEnd(rig, loader);
      expect(second.run).toMatchObject({ status: 'done', verified: { records: 1, differences: 0 } });
      expect(second.run.phases.find((phase) => phase.phase === 'persons')).toMatchObject({
        updated: 1,
        created: 0,
      });
      expect((await simState(rig)).persons?.map((row) => row.name)).toEqual(['Anne']);
      expect(await writesByKey(rig)).toEqual({ 'customer:1': 1 });
    } finally {
      await rig.close();
    }
  });

  it('lost answers of records with blanks, quotes and brackets in their ids are found: each stands once', async () => {
    const person = targetKeyOf('customer', 'CUS  1 (b)');
    const note = targetKeyOf('note', 'N & "7" · é');
    const [name, { value }] = markerField(person);
    const html = noteHtml(markerLine(note, 'N & "7" · é'));
    const rig = await createLoaderRig({
      payloads: [
        ['person', person, { name: 'Ann', custom_fields: { [name]: value } }],
        ['note', note, { content: `Rings twice<br><br>${html}`, person_id: { $ref: person } }],
      ],
    });
    try {
      const loader = await rig.startLoader({ SETTLE_MS: '500' });
      const rules = ['createPerson', 'createNote'].map((operation) => ({
        operation,
        kind: 'reset-after',
        times: 1,
      }));
      await control(rig, 'faults', { rules });
      expect((await loadToEnd(rig, loader)).run).toMatchObject({ status: 'done' });
      expect(await faultsLeft(rig)).toEqual([]);
      const { persons, notes } = await simState(rig);
      expect([persons?.length, notes?.length]).toEqual([1, 1]);
      expect(await writesByKey(rig)).toEqual({ [person]: 1, [note]: 1 });
    } finally {
      await rig.close();
    }
  });

  it('a token whose user sees less by now: nothing is sent again, taken back or counted as missing', async () => {
    const payload = { name: 'Ann', custom_fields: { [markerFieldName]: 'customer:1' } };
    const rig = await createLoaderRig({ payloads: [['person', 'customer:1', payload]] });
    const saw = { status: 'waiting_person', reason_code: 'token_not_admin' };
    try {
      const loader = await rig.startLoader({ SETTLE_MS: '1500' });
      await control(rig, 'faults', { rules: [{ operation: 'createPerson', kind: 'reset-after', times: 1 }] });
      const { id } = await startRun(rig, loader);
      await until(async () => (await openIntents(rig)).length > 0);
      const { users = [], persons = [] } = await simState(rig);
      const [admin, other] = users.map((user) => Number(user.id));
      const see = (user: number | undefined) => control(rig, 'caller', { user });
      await see(other);
      await control(rig, 'edit', {
        changes: persons.map((person) => ({ entity: 'persons', id: person.id, set: { visible_to: 1 } })),
      });
      expect(await runReaches(loader, id, ends)).toMatchObject(saw);
      expect(await openIntents(rig)).toHaveLength(1);

      await see(admin);
      await loader.api('POST', `/v1/runs/${id}/resume`, {});
      const verified = { records: 1, differences: 0 };
      expect(await runReaches(loader, id, ends)).toMatchObject({ status: 'done', verified });
      expect(await writesByKey(rig)).toEqual({ 'customer:1': 1 });

      // The first look at the users is that of connecting, the next that of the run.
      const late = { operation: 'getUsers', kind: 'delay', delay_ms: 600, skip: 1, times: 1 };
      await control(rig, 'faults', { rules: [late] });
      const again = await startRun(rig, loader);
      await see(other);
      expect(await runReaches(loader, again.id, ends)).toMatchObject(saw);
      await loader.api('POST', `/v1/runs/${again.id}/cancel`, {});
      const back = await startRollback(loader, again.id);
      expect(await rollbackReaches(loader, back.id)).toMatchObject({ ...saw, rollback: null });
      await see(admin);
      await loader.api('POST', `/v1/runs/${back.id}/resume`, {});
      expect(await rollbackReaches(loader, back.id)).toMatchObject({ status: 'done', reason: null });
      expect(await undoneByKey(rig, back.id)).toEqual({ 'customer:1': 'deleted' });
    } finally {
      await rig.close();
    }
  });

  it('a late yes to the later of two, while a walk finds both: what it named stays', async () => {
    const payload = { name: 'Ann', custom_fields: { [markerFieldName]: 'customer:1' } };
    const rig = await createLoaderRig({ payloads: [['person', 'customer:1', payload]] });
    try {
      const loader = await rig.startLoader({
        SETTLE_MS: '3000',
        REQUEST_TIMEOUT_MS: '10000',
        LEASE_MS: '15000',
      });
      await control(rig, 'faults', {
        rules: [
          { operation: 'createPerson', kind: 'reset-after', times: 1 },
          { operation: 'getPersons', kind: 'delay', times: 1, delay_ms: 3_000 },
          // The walk ends before the verification, and so before the run.
          { operation: 'getPersons', kind: 'delay', skip: 1, times: 1, delay_ms: 6_000 },
        ],
      });
      const run = await startRun(rig, loader);
      await until(async () => (await openIntents(rig)).length > 0);
      // As if it were the second attempt, and the first had been written late.
      const { db } = rig.database;
      await db.updateTable('loader.intent').set({ attempt: 2, releases: 1 }).execute();
      const [first] = (await simState(rig)).persons ?? [];
      const made = await fetch(`${rig.sim.url}/api/v2/persons`, {
        method: 'POST',
        headers: { 'x-api-token': rig.sim.token, 'content-type': 'application/json' },
        body: JSON.stringify({ name: first?.name, custom_fields: first?.custom_fields }),
      });
      const named = String(((await made.json()) as { data: { id: number } }).data.id);
      await until(async () => (await faultsLeft(rig)).length === 1);
      const record = rig.records[0];
      if (!record) throw new Error('there is one record');
      const intent = await db
        .updateTable('loader.intent')
        .set({ state: 'confirmed', targetId: named })
        .where('state', '=', 'ambiguous')
        .returning(['id', 'tenantId', 'connectionId', 'runId', 'entity', 'generation'])
        .executeTakeFirstOrThrow();
      await db.transaction().execute((tx) =>
        saveConfirmation(tx, {
          ...intent,
          setId: rig.ids.setId,
          intentId: intent.id,
          operation: 'create',
          targetId: named,
          parentId: null,
          record,
          writtenFields: null,
          afterImage: null,
        }),
      );
      expect(await runReaches(loader, run.id, ends)).toMatchObject({ status: 'done' });
      const standing = (await simState(rig)).persons?.filter((row) => row.is_deleted !== true);
      expect(standing?.map((row) => String(row.id))).toContain(named);
      expect(
        await db.selectFrom('loader.difference').selectAll().where('kind', '=', 'missing').execute(),
      ).toEqual([]);
    } finally {
      await rig.close();
    }
  });

  it('a note that is passed over because somebody deletes another meanwhile is asked for, and not missing', async () => {
    const rig = await createLoaderRig({
      payloads: [
        ['person', 'customer:1', { name: 'Ann', custom_fields: { [markerFieldName]: 'customer:1' } }],
        ...['a', 'b'].map((slot): readonly ['note', string, Payload] => [
          'note',
          `customer:1#${slot}`,
          { content: `Rings twice<br>OctopusPro customer:1#${slot}`, person_id: { $ref: 'customer:1' } },
        ]),
      ],
    });
    try {
      // Ours begin on the second page of the list.
      const theirs = Array.from({ length: 500 }, (_, n) => ({ content: `Theirs ${n}` }));
      await control(rig, 'seed', { notes: theirs });
      const loader = await rig.startLoader({ REQUEST_TIMEOUT_MS: '10000', LEASE_MS: '15000' });
      const late = { operation: 'getNotes', kind: 'delay', delay_ms: 3_000, skip: 1, times: 1 };
      await control(rig, 'faults', { rules: [late] });
      const run = await startRun(rig, loader);
      await until(async () => (await faultsLeft(rig)).length === 0);
      const [first] = (await simState(rig)).notes ?? [];
      await control(rig, 'edit', { changes: [{ entity: 'notes', id: first?.id, delete: true }] });
      const verified = { records: 3, differences: 0 };
      expect(await runReaches(loader, run.id, ends)).toMatchObject({ status: 'done', verified });
      const asked = await rig.database.db
        .selectFrom('loader.tokenUse')
        .select(['calls', 'purposes'])
        .where('operation', '=', 'getNote')
        .execute();
      expect(asked).toEqual([{ calls: 1, purposes: { read_again: 1 } }]);
    } finally {
      await rig.close();
    }
  });

  it('a late commit makes a second copy: the closing sweep removes it', async () => {
    const rig = await createLoaderRig({ simulator: { requestsPer2s: 20 } });
    try {
      await control(rig, 'faults', {
        rules: [{ operation: 'createPerson', kind: 'late-commit', times: 1, delay_ms: 5_000 }],
      });
      const { run } = await loadToEnd(rig, await rig.startLoader());
      expect(run).toMatchObject({ status: 'done', verified: { differences: 0 } });
      const standing = (await simState(rig)).persons?.filter((row) => row.is_deleted !== true);
      expect(standing).toHaveLength(7);
      expect(Object.values(await writesByKey(rig)).filter((count) => count === 2)).toHaveLength(1);
    } finally {
      await rig.close();
    }
  });

  it('a copy that a person made is theirs, also of a record that was throttled once: told, not deleted', async () => {
    const rig = await createLoaderRig();
    try {
      await control(rig, 'faults', { rules: [{ operation: 'createNote', kind: '429', times: 1 }] });
      const loader = await rig.startLoader();
      await loadToEnd(rig, loader);
      const { targetKey } = await rig.database.db
        .selectFrom('loader.intent')
        .select('targetKey')
        .where('entity', '=', 'note')
        .where('attempt', '>', 1)
        .executeTakeFirstOrThrow();
      const original = (await simState(rig)).notes?.find((note) => String(note.content).includes(targetKey));
      const { content, person_id, add_time } = original ?? {};
      await control(rig, 'seed', { notes: [{ content, person_id, add_time }] });
      const second = await loadToEnd(rig, loader);
      expect(second.run).toMatchObject({ status: 'done', verified: { differences: 1 } });
      expect(
        (await simState(rig)).notes?.filter((note) => note.is_deleted !== true && note.active_flag !== false),
      ).toHaveLength(rig.records.filter(({ entity }) => entity === 'note').length + 1);
      const told = await rig.database.db
        .selectFrom('loader.difference')
        .select(['targetKey', 'kind'])
        .execute();
      expect(told).toEqual([{ targetKey, kind: 'extra' }]);
    } finally {
      await rig.close();
    }
  });

  it('a deal and a lead that were archived since are read back from the archive', async () => {
    const rig = await createLoaderRig();
    try {
      const loader = await rig.startLoader();
      await loadToEnd(rig, loader);
      const state = await simState(rig);
      const [deal] = state.deals?.filter((row) => row.is_deleted !== true) ?? [];
      const [lead] = state.leads ?? [];
      await control(rig, 'edit', {
        changes: [
          { entity: 'deals', id: deal?.id, set: { is_archived: true } },
          { entity: 'leads', id: lead?.id, set: { is_archived: true } },
        ],
      });
      expect((await loadToEnd(rig, loader)).run).toMatchObject({
        status: 'done',
        verified: { differences: 0 },
      });
    } finally {
      await rig.close();
    }
  });
});

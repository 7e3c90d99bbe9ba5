import { describe, expect, it } from 'vitest';
import { expectExactlyOnce } from '../testing/expect-exactly-once.js';
import { createLoaderRig, type LoaderRig } from '../testing/loader-rig.js';
import { control, faultsLeft, loadToEnd, simState } from '../testing/loader-run.js';

/** The labels of the account by kind of record, each with its id: `label` fields by option, those of leads by uuid. */
async function labelsOf(rig: LoaderRig): Promise<Record<string, Map<string, unknown>>> {
  const state = await simState(rig);
  const ofField = (list: string) => {
    const field = state[list]?.find((one) => one.field_code === 'label_ids');
    const options = (field?.options ?? []) as Array<{ id: number; label: string }>;
    return new Map(options.map(({ id, label }) => [label, id]));
  };
  return {
    person: ofField('personFields'),
    organization: ofField('organizationFields'),
    deal: ofField('dealFields'),
    lead: new Map((state.leadLabels ?? []).map((label) => [String(label.name), label.id])),
  };
}

/** What we hold to be ours, and may take away again. */
async function itemsOf(rig: LoaderRig): Promise<string[]> {
  const rows = await rig.database.db
    .selectFrom('loader.destinationItem')
    .select(['entity', 'actualName', 'remoteKey', 'createdByRun'])
    .where('kind', '=', 'label')
    .orderBy('entity')
    .orderBy('actualName')
    .execute();
  const standing = await labelsOf(rig);
  return rows.map(
    ({ entity, actualName, remoteKey, createdByRun }) =>
      `${entity} ${actualName} ${String(standing[entity]?.get(actualName)) === remoteKey ? 'bound' : 'lost'} ${
        createdByRun === null ? 'theirs' : 'ours'
      }`,
  );
}

const expectedItems = [
  'deal Quote accepted bound ours',
  'deal VIP bound ours',
  'lead Hot bound theirs',
  'lead Website lead bound ours',
  'organization VIP bound ours',
  'person Customer bound theirs',
  'person VIP bound ours',
];

describe.each([
  ['by the options call', 'accepted', ['addDealFieldOptions', 'addPersonFieldOptions', 'createLeadLabel']],
  [
    'where that is refused, by the v1 field',
    'refused',
    ['updateDealFieldV1', 'updatePersonFieldV1', 'createLeadLabel'],
  ],
] as const)('labels are made %s', (_, position, writes) => {
  it('also when the answers are lost; what stood there stays, and what we made is known as ours', async () => {
    const rig = await createLoaderRig({ simulator: { switches: { label_options: position } } });
    try {
      const before = await labelsOf(rig);
      const rules = writes.map((operation) => ({ operation, kind: 'reset-after', times: 1 }));
      await control(rig, 'faults', { rules });
      const loader = await rig.startLoader();
      await expectExactlyOnce(rig, (await loadToEnd(rig, loader)).run);
      expect(await faultsLeft(rig)).toEqual([]);
      const after = await labelsOf(rig);
      for (const [entity, labels] of Object.entries(before))
        for (const [name, id] of labels)
          expect([entity, name, after[entity]?.get(name)]).toEqual([entity, name, id]);
      const made = Object.entries(after).flatMap(([entity, labels]) =>
        [...labels.keys()].filter((name) => !before[entity]?.has(name)).map((name) => `${entity} ${name}`),
      );
      expect(made.sort()).toEqual([
        'deal Quote accepted',
        'deal VIP',
        'lead Website lead',
        'organization VIP',
        'person VIP',
      ]);
      expect(await itemsOf(rig)).toEqual(expectedItems);
      // A second run finds them and asks for nothing.
      const second = (await loadToEnd(rig, loader)).run;
      expect(second).toMatchObject({ status: 'done', verified: { differences: 0 } });
      expect(await labelsOf(rig)).toEqual(after);
    } finally {
      await rig.close();
    }
  });
});

import type { DestinationSchema } from '@octopipe/shared/domain/mapping/content';
import { describe, expect, it } from 'vitest';
import type { AccountSchema, RemoteField } from './account-schema.js';
import { assertFieldRoom, countCustomFields, nameItems } from './plan-schema.js';

const remote = (field_name: string, is_custom_field = true): RemoteField => ({
  field_name,
  field_code: 'c',
  field_type: 'varchar',
  is_custom_field,
});
const account = (deal: RemoteField[], pipelines: string[] = []): AccountSchema => ({
  fields: { organization: [], person: [remote('Pets')], product: [], deal },
  pipelines: pipelines.map((name, id) => ({ id, name })),
  stages: [],
  activityTypes: [{ id: 1, name: 'Call', key_string: 'call' }],
  leadLabels: [{ id: 'u1', name: 'HOT' }],
});
const schema: DestinationSchema = {
  fields: [{ entity: 'deal', name: 'Status', type: 'varchar', options: [], rank: 'must' }],
  pipelines: [{ name: 'Jobs', stages: ['New'] }],
  activityTypes: [{ name: 'Call', iconKey: 'call' }],
};
const names = (of: AccountSchema, known: Parameters<typeof nameItems>[2] = []) =>
  nameItems(schema, of, known, false).map((item) => item.actualName);

describe('the names of our items', () => {
  it.each([
    ['nothing in the way', account([]), ['Status', 'Jobs', 'New', 'Call']],
    [
      'a field in the way, whatever its case',
      account([remote('STATUS')]),
      ['Status (OctopusPro)', 'Jobs', 'New', 'Call'],
    ],
    [
      'a built-in field in the way',
      account([remote('Status', false)]),
      ['Status (OctopusPro)', 'Jobs', 'New', 'Call'],
    ],
    [
      'both names taken',
      account([remote('Status'), remote('Status (OctopusPro)')]),
      ['Status (OctopusPro 2)', 'Jobs', 'New', 'Call'],
    ],
    ['a pipeline in the way', account([], ['jobs']), ['Status', 'Jobs (OctopusPro)', 'New', 'Call']],
  ])('%s', (_what, standing, expected) => {
    expect(names(standing)).toEqual(expected);
  });

  it.each([
    ['what stands since the backup is used', ['OctopusPro ID', 'Status'], 'Status'],
    [
      'beside one of theirs, the one of ours',
      ['OctopusPro ID', 'Status', 'Status (OctopusPro)'],
      'Status (OctopusPro)',
    ],
    ['nothing of ours was made: theirs stays theirs', ['Status'], 'Status (OctopusPro)'],
    ['not made yet', ['OctopusPro ID'], 'Status'],
  ])('after a restore: %s', (_what, standing, expected) => {
    const items = nameItems(schema, account(standing.map((name) => remote(name))), [], false, true);
    expect(items[0]?.actualName).toBe(expected);
  });

  it('labels of the account are used, whatever their case; nobody gets a second one', () => {
    const labels = ['deal', 'lead'].map((entity) => ({ entity: entity as 'deal' | 'lead', name: 'Hot' }));
    const labelField = { ...remote('Label', false), field_code: 'label', options: [{ id: 7, label: 'hot' }] };
    const items = nameItems({ ...schema, labels }, account([labelField]), [], false);
    expect(items.filter(({ kind }) => kind === 'label').map((item) => item.actualName)).toEqual([
      'hot',
      'HOT',
    ]);
  });

  const known = (kind: 'field' | 'activity_type', name: string, actualName: string) => ({
    kind,
    entity: kind === 'field' ? 'deal' : '',
    parent: '',
    name,
    itemType: '',
    actualName,
    remoteId: null,
    remoteKey: null,
  });

  it('keep the name they were given before, also when the item now stands', () => {
    expect(names(account([remote('Status')]), [known('field', 'Status', 'Status')])[0]).toBe('Status');
  });

  it.each([
    ['is tried anew while there are none', false, 'Call'],
    ['goes on sharing while some stand', true, 'Task'],
  ])('a kind of activity that shares a type %s', (_what, hasActivities, expected) => {
    const items = nameItems(schema, account([]), [known('activity_type', 'Call', 'Task')], hasActivities);
    expect(items.find(({ kind }) => kind === 'activity_type')?.actualName).toBe(expected);
  });
});

describe('custom fields and the plan', () => {
  it('counts those of all entities, not the built-in ones', () => {
    expect(countCustomFields(account([remote('A'), remote('B', false)]))).toBe(2);
  });

  it('is enough to the last place; one more is refused with what to do', () => {
    expect(() => assertFieldRoom('lite', { newFields: 4, existingFields: 26 })).not.toThrow();
    expect(() =>
      assertFieldRoom('lite', { newFields: 5, existingFields: 26 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RunStopped: The mapping needs 5 new custom fields, the account has 26, and plan lite allows 30: upgrade the plan or leave fields out of the mapping. Nothing was written.]`,
    );
  });
});

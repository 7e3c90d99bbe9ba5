import { entities } from '@octopipe/shared/domain/run/states';
import { describe, expect, it } from 'vitest';
import type { RemoteRecord } from '../destination/entity-table.js';
import { changedInImage, comparedFields, imageAfterUpdate, imageOf } from './image.js';

const person = {
  id: 7,
  name: 'Ann Lee',
  owner_id: 3,
  org_id: null,
  emails: [{ value: 'ann@mail.example', primary: true, label: 'work' }],
  phones: [],
  label_ids: [],
  visible_to: 3,
  add_time: '2021-02-03T04:05:06Z',
  update_time: '2021-02-03T04:05:06Z',
  custom_fields: { a: 'customer:7', b: null },
};
const changed = (now: Record<string, unknown>, before: Record<string, unknown> = person) =>
  changedInImage(imageOf('person', before as RemoteRecord), imageOf('person', now as RemoteRecord));

describe('the image of a record', () => {
  it('holds what a person can change, in canonical form, without what is empty', () => {
    expect(imageOf('person', person)).toEqual({
      name: 'Ann Lee',
      owner_id: '3',
      emails: [{ value: 'ann@mail.example', primary: true, label: 'work' }],
      visible_to: '3',
      add_time: '2021-02-03T04:05:06',
      'custom_fields.a': 'customer:7',
    });
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ['nothing', {}, []],
    ['a later update_time', { update_time: '2026-01-01T00:00:00Z' }, []],
    [
      'an empty custom field that somebody added to the account',
      { custom_fields: { a: 'customer:7', z: null } },
      [],
    ],
    [
      'a phone number that was not there',
      { phones: [{ value: '1', primary: true, label: 'home' }] },
      ['phones'],
    ],
    ['a link to an organization', { org_id: 12 }, ['org_id']],
    [
      'a value in a field that we do not fill',
      { custom_fields: { a: 'customer:7', b: 'x' } },
      ['custom_fields.b'],
    ],
    ['a value taken away', { custom_fields: {} }, ['custom_fields.a']],
    ['another owner and name', { owner_id: 4, name: 'Anne Lee' }, ['name', 'owner_id']],
    ['a label', { label_ids: [5] }, ['label_ids']],
  ])('tells %s', (_what, change, fields) => {
    expect(changed({ ...person, ...change })).toEqual(fields);
  });

  it('lets an address grow by itself, and nothing else', () => {
    const organization = (record: object) => imageOf('organization', { id: 1, ...record });
    const product = (price: object) =>
      imageOf('product', { id: 1, prices: [{ currency: 'AUD', price: 5, ...price }] });
    expect(
      changedInImage(
        organization({ address: { value: 'Low St 1' } }),
        organization({ address: { value: 'Low St 1', country: 'Australia' } }),
      ),
    ).toEqual([]);
    expect(
      changedInImage(
        organization({ address: { value: 'Low St 1', country: 'Australia' } }),
        organization({ address: { value: 'Low St 1' } }),
      ),
    ).toEqual(['address']);
    expect(changedInImage(product({}), product({ cost: 2 }))).toEqual(['prices']);
    expect(changedInImage(product({ id: 1 }), product({ id: 2, notes: '' }))).toEqual([]);
  });

  it('reads a flag in both forms of v1', () => {
    const note = (flag: unknown) => imageOf('note', { id: 1, content: 'x', pinned_to_deal_flag: flag });
    expect(note(0)).toEqual(note(false));
    expect(note(1)).toEqual(note(true));
    expect(changedInImage(note(0), note(1))).toEqual(['pinned_to_deal_flag']);
  });

  it('reads the custom values of a lead from the root, and lets their address parts come later', () => {
    const code = 'a'.repeat(40);
    const lead = (record: object) => imageOf('lead', { id: 'u-1', title: 'x', ...record });
    expect(lead({ [code]: '9,8', [`${code}_locality`]: null, was_seen: true })).toEqual({
      title: 'x',
      [code]: ['8', '9'],
    });
    const sent = lead({ [code]: '1 High St' });
    expect(changedInImage(sent, lead({ [code]: '1 High St', [`${code}_locality`]: 'Perth' }))).toEqual([]);
    expect(changedInImage(sent, lead({ [code]: '2 High St' }))).toEqual([code]);
  });

  it('after an update takes what was sent from the answer, and not what somebody else changed', () => {
    const known = imageOf('deal', {
      id: 1,
      title: 'A',
      status: 'open',
      value: 5,
      custom_fields: { a: 'x', b: 'y' },
    });
    const answer = {
      id: 1,
      title: 'A',
      status: 'won',
      won_time: '2024-05-01T10:00:00Z',
      value: 7,
      custom_fields: { a: 'z', b: 'by a person' },
    };
    const after = imageAfterUpdate('deal', known, { status: 'won', custom_fields: { a: 'z' } }, answer);
    expect(after).toMatchObject({
      status: 'won',
      value: '5',
      'custom_fields.a': 'z',
      'custom_fields.b': 'y',
    });
    expect(changedInImage(after, imageOf('deal', answer))).toEqual(['custom_fields.b', 'value']);
    expect(
      imageAfterUpdate('deal', known, { custom_fields: { a: null } }, { ...answer, custom_fields: {} }),
    ).not.toHaveProperty('custom_fields.a');
  });

  it.each(entities)('of a %s compares what its lists show and a person can set', (entity) => {
    const fields = comparedFields(entity);
    expect(fields.length).toBeGreaterThan(5);
    for (const name of ['id', 'update_time', 'is_deleted', 'custom_fields'])
      expect(fields).not.toContain(name);
  });

  it('of a deal compares everything that tells its place', () => {
    expect(comparedFields('deal')).toEqual(
      expect.arrayContaining([
        'title',
        'value',
        'currency',
        'status',
        'stage_id',
        'person_id',
        'is_archived',
      ]),
    );
  });
});

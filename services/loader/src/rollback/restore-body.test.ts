import { describe, expect, it } from 'vitest';
import { changedInImage, imageOf } from '../verify/image.js';
import { restoreBody } from './restore-body.js';

const before = {
  id: 7,
  name: 'Anne Leigh',
  org_id: null,
  owner_id: 3,
  add_time: '2015-01-01T00:00:00Z',
  label_ids: [12, 4],
  emails: [{ value: 'anne@mail.example', primary: true, label: 'home' }],
  phones: [],
  custom_fields: {
    size: 41.5,
    nick: '007',
    due: { value: 10.5, currency: 'AUD' },
    tags: [3, 9],
    empty: null,
  },
};
const after = {
  ...before,
  name: 'Ann Lee',
  org_id: 55,
  owner_id: 4,
  add_time: '2021-02-03T04:05:06Z',
  label_ids: [5],
  emails: [
    { value: 'anne@mail.example', primary: true, label: 'home' },
    { value: 'ann@mail.example', primary: false, label: 'work' },
  ],
  phones: [{ value: '1', primary: true, label: 'work' }],
  custom_fields: {
    size: 42,
    nick: 'Ann',
    due: { value: 99, currency: 'USD' },
    tags: [7],
    empty: 'customer:7',
  },
};
const everything = changedInImage(imageOf('person', before), imageOf('person', after));
const restore = (fields: ReadonlyArray<string>) =>
  restoreBody('person', imageOf('person', before), after, fields);

describe('the body that puts a record back', () => {
  it('holds every field that differs, in the types of the API', () => {
    expect(restore(everything)).toEqual({
      body: {
        name: 'Anne Leigh',
        org_id: null,
        owner_id: 3,
        label_ids: [12, 4],
        emails: [{ value: 'anne@mail.example', primary: true, label: 'home' }],
        phones: [],
        custom_fields: {
          size: 41.5,
          nick: '007',
          due: { value: 10.5, currency: 'AUD' },
          tags: [3, 9],
          empty: null,
        },
      },
      stuck: ['add_time'],
    });
  });

  it('holds no other field than those that are to be put back', () => {
    expect(restore(['name', 'custom_fields.nick'])).toEqual({
      body: { name: 'Anne Leigh', custom_fields: { nick: '007' } },
      stuck: [],
    });
    expect(restore([])).toEqual({ body: {}, stuck: [] });
  });
});

import type { FieldType } from '@octopipe/shared/domain/mapping/content';
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
const kinds = new Map<string, FieldType>([
  ['size', 'double'],
  ['nick', 'varchar'],
  ['due', 'monetary'],
  ['tags', 'set'],
  ['kind', 'enum'],
  ['home', 'address'],
  ['empty', 'varchar'],
]);
const restore = (fields: ReadonlyArray<string>) =>
  restoreBody('person', imageOf('person', before), after, fields, kinds);

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

  it('has their types also where our last write emptied the field', () => {
    const custom_fields = {
      size: 41.5,
      nick: '007',
      due: { value: 10.5, currency: 'AUD' },
      tags: [3, 9],
      kind: 17,
      home: { value: '4', street_number: '4' },
    };
    const emptied = Object.fromEntries(Object.keys(custom_fields).map((code) => [code, null]));
    const image = imageOf('person', { id: 7, label_ids: [12, 4], custom_fields });
    const standing = { id: 7, label_ids: [], custom_fields: emptied };
    expect(restoreBody('person', image, standing, Object.keys(image), kinds).body).toEqual({
      label_ids: [12, 4],
      custom_fields,
    });
    const prices = [{ currency: 'AUD', price: 80.5, cost: 30, direct_cost: 2, notes: '7' }];
    const product = imageOf('product', { id: 1, tax: 10, category: 4, code: '77', prices });
    const bare = { id: 1, tax: 0, category: null, code: null, prices: [] };
    expect(restoreBody('product', product, bare, Object.keys(product), kinds).body).toEqual({
      tax: 10,
      category: 4,
      code: '77',
      prices,
    });
  });
});

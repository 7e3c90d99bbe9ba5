import type { Entity } from '@octopipe/shared/domain/run/states';
import { describe, expect, it } from 'vitest';
import type { RemoteRecord } from '../destination/entity-table.js';
import { canonicalOfListed, canonicalOfSent, differingFields } from './canonical.js';

type Fields = Record<string, unknown>;
const differences = (entity: Entity, sent: Fields, listed: Fields): string[] => {
  const form = canonicalOfSent(entity, sent);
  return differingFields(
    form,
    canonicalOfListed(entity, { id: 1, ...listed } as RemoteRecord, Object.keys(form)),
  );
};
const code = 'a'.repeat(40);
const email = { value: 'a@mail.example', primary: true, label: 'work' };

describe('says the same', () => {
  it.each<[string, Entity, Fields, Fields]>([
    [
      'a time in the form of v1',
      'note',
      { add_time: '2020-01-02T03:04:05Z' },
      { add_time: '2020-01-02 03:04:05' },
    ],
    [
      'a time with fractions',
      'deal',
      { won_time: '2024-05-01T10:00:00Z' },
      { won_time: '2024-05-01T10:00:00.000Z' },
    ],
    ['a clock time with seconds', 'activity', { due_time: '10:00' }, { due_time: '10:00:00' }],
    [
      'HTML rewritten',
      'note',
      { content: 'One<br>two &amp; three' },
      { content: '<p>One<br />two &amp; three</p>' },
    ],
    ['a link that lost its target', 'activity', { note: '<a href="x">here</a>' }, { note: 'here' }],
    ['a number with a trailing zero', 'deal', { value: 100.1 }, { value: 100.1 }],
    [
      'options in another order',
      'person',
      { custom_fields: { a: [3, 1] } },
      { custom_fields: { a: [1, 3], b: 9 } },
    ],
    ['no labels, sent as an empty list', 'person', { label_ids: [] }, { label_ids: null }],
    ['labels in another order', 'deal', { label_ids: [11, 2] }, { label_ids: [2, 11] }],
    [
      'an e-mail without a label',
      'person',
      { emails: [{ value: 'a@mail.example', primary: true }] },
      { emails: [email] },
    ],
    [
      'a price with row ids',
      'product',
      { prices: [{ currency: 'AUD', price: 120.1 }] },
      { prices: [{ id: 4, product_id: 1, currency: 'AUD', price: 120.1, cost: 0 }] },
    ],
    [
      'an address with extra parts',
      'organization',
      { address: { value: '1 High St' } },
      { address: { value: '1 High St', country: 'Australia' } },
    ],
    [
      'an address with an empty part of ours',
      'organization',
      { address: { value: '1 High St', country: null } },
      { address: { value: '1 High St' } },
    ],
    ['nothing, sent as null', 'deal', { org_id: null }, {}],
    ['white space around', 'person', { name: ' Ann ' }, { name: 'Ann' }],
    ['composed letters', 'person', { name: 'Cafe\u0301' }, { name: 'Caf\u00e9' }],
    ['line ends', 'product', { description: 'a\r\nb' }, { description: 'a\nb' }],
    [
      'participants in another order',
      'activity',
      {
        participants: [
          { person_id: 2, primary: false },
          { person_id: 1, primary: true },
        ],
      },
      {
        participants: [
          { person_id: 1, primary: true },
          { person_id: 2, primary: false },
        ],
      },
    ],
    ['options of a lead in another order', 'lead', { [code]: '9,8' }, { [code]: '8,9' }],
    ['an option of a lead, told as text', 'lead', { [code]: 70 }, { [code]: '70' }],
    [
      'an address of a lead that the account found more of',
      'lead',
      { [code]: '1 High St', [`${code}_locality`]: 'Perth', [`${code}_route`]: null },
      { [code]: '1 High St', [`${code}_locality`]: 'Perth', [`${code}_route`]: 'High Street' },
    ],
    [
      'the amount of a lead',
      'lead',
      { value: { amount: 10.5, currency: 'AUD' } },
      { value: { amount: 10.5, currency: 'AUD' } },
    ],
    ['the parent of a file, a text in multipart', 'file', { deal_id: '7' }, { deal_id: 7 }],
  ])('%s', (_what, entity, sent, listed) => {
    expect(differences(entity, sent, listed)).toEqual([]);
  });
});

describe('says something else', () => {
  it.each<[string, Entity, Fields, Fields, string[]]>([
    [
      'another second',
      'note',
      { add_time: '2020-01-02T03:04:05Z' },
      { add_time: '2020-01-02 03:04:06' },
      ['add_time'],
    ],
    ['another minute', 'activity', { due_time: '10:00' }, { due_time: '10:01:00' }, ['due_time']],
    ['another word', 'note', { content: 'One<br>two' }, { content: 'One<br>three' }, ['content']],
    ['a cent', 'deal', { value: 100.1 }, { value: 100.11 }, ['value']],
    [
      'an option missing',
      'person',
      { custom_fields: { a: [1, 3] } },
      { custom_fields: { a: [1] } },
      ['custom_fields.a'],
    ],
    ['a custom field missing', 'person', { custom_fields: { a: 'x' } }, {}, ['custom_fields.a']],
    [
      'another e-mail',
      'person',
      { emails: [email] },
      { emails: [{ ...email, value: 'b@mail.example' }] },
      ['emails'],
    ],
    [
      'a second e-mail',
      'person',
      { emails: [email] },
      { emails: [email, { ...email, primary: false }] },
      ['emails'],
    ],
    [
      'not primary any more',
      'person',
      { emails: [email] },
      { emails: [{ ...email, primary: false }] },
      ['emails'],
    ],
    [
      'another currency',
      'product',
      { prices: [{ currency: 'AUD', price: 1 }] },
      { prices: [{ currency: 'NZD', price: 1 }] },
      ['prices'],
    ],
    [
      'another cost',
      'product',
      { prices: [{ currency: 'AUD', price: 1, cost: 0.5 }] },
      { prices: [{ currency: 'AUD', price: 1, cost: 0 }] },
      ['prices'],
    ],
    [
      'an address without our part',
      'organization',
      { address: { value: '1 High St', locality: 'Perth' } },
      { address: { value: '1 High St' } },
      ['address'],
    ],
    ['a link to another record', 'deal', { person_id: 4 }, { person_id: 5 }, ['person_id']],
    ['a value where we sent none', 'deal', { org_id: null }, { org_id: 3 }, ['org_id']],
    [
      'money of another currency',
      'deal',
      { custom_fields: { m: { value: 1, currency: 'AUD' } } },
      { custom_fields: { m: { value: 1, currency: 'USD' } } },
      ['custom_fields.m'],
    ],
    [
      'money of a lead in another currency',
      'lead',
      { [code]: 1, [`${code}_currency`]: 'AUD' },
      { [code]: 1, [`${code}_currency`]: 'USD' },
      [`${code}_currency`],
    ],
    ['an option of a lead missing', 'lead', { [code]: '9,8' }, { [code]: '9' }, [code]],
    [
      'a label that somebody took away',
      'lead',
      { label_ids: ['u1', 'u2'] },
      { label_ids: ['u2'] },
      ['label_ids'],
    ],
    ['done undone', 'activity', { done: true }, { done: false }, ['done']],
  ])('%s', (_what, entity, sent, listed, expected) => {
    expect(differences(entity, sent, listed)).toEqual(expected);
  });

  it('compares a file by its size', () => {
    const sent = canonicalOfSent('file', { name: 'a.pdf' }, { bytes: 21 });
    const of = (size: number) =>
      canonicalOfListed('file', { id: 1, name: 'a.pdf', file_size: size }, Object.keys(sent));
    expect([21, 20].map((size) => differingFields(sent, of(size)))).toEqual([[], ['file_size']]);
  });
});

import { RecordRejected } from '@octopipe/shared/core/errors';
import type { FieldType } from '@octopipe/shared/domain/mapping/content';
import type { Payload } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { describe, expect, it } from 'vitest';
import { type AccountSymbols, resolvePayload } from './resolve-payload.js';

const field = (code: string, type: FieldType, options = {}) => ({
  code,
  type,
  options: new Map<string, number>(Object.entries(options)),
});
const symbols: AccountSymbols = {
  targetIds: new Map([['customer:1', '41']]),
  users: new Map([['fieldworker:2', 9]]),
  defaultUserId: 5,
  fields: new Map([
    ['deal|Code', field('c1', 'varchar')],
    ['deal|Status', field('c2', 'enum', { Done: 70 })],
    ['deal|Paid', field('c3', 'monetary')],
    ['deal|Hours', field('c4', 'double')],
    ['deal|Where', field('c6', 'address')],
    ['deal|Extras', field('c7', 'set', { Oven: 8, Windows: 9 })],
    ['deal|Key time', field('c8', 'time')],
    ['person|Pets', field('c5', 'set', { Cat: 1, Dog: 2 })],
  ]),
  stages: new Map([['Jobs|New', 3]]),
  activityTypes: new Map([
    ['Payment', 'payment_x'],
    ['Refund', 'payment_x'],
  ]),
  sharedTypes: new Set(),
  labels: new Map<string, number | string>([
    ['deal|VIP', 31],
    ['deal|Dispute', 32],
    ['lead|VIP', '0ab1-uuid'],
  ]),
  probe: { dealAddTime: 'dropped', wonTime: 'rfc3339' },
};
const json = (entity: Entity, payload: Payload, change: Partial<AccountSymbols> = {}) =>
  resolvePayload(entity, payload, { ...symbols, ...change }).json;

describe('a kind of activity without a type of its own', () => {
  const change = { sharedTypes: new Set(['Refund']) };
  const type = { $activityType: 'Refund' };
  const whole = { subject: 'Paid back', type, due_date: '2024-05-01' };

  it.each<[string, Payload, Payload, unknown]>([
    [
      'stands in front of the subject',
      whole,
      whole,
      { subject: 'Refund: Paid back', type: 'payment_x', due_date: '2024-05-01' },
    ],
    ['also when only the subject is sent', { subject: 'Paid back' }, whole, { subject: 'Refund: Paid back' }],
    [
      'brings the subject along when only the kind changed',
      { type },
      whole,
      { subject: 'Refund: Paid back', type: 'payment_x' },
    ],
    ['leaves every other update alone', { due_date: '2024-05-01' }, whole, { due_date: '2024-05-01' }],
  ])('%s', (_what, payload, record, body) => {
    expect(resolvePayload('activity', payload, { ...symbols, ...change }, record).json).toEqual(body);
  });

  it('is nobody else’s matter: neither of kinds that have one, nor of accounts where all have', () => {
    const payment = { subject: 'Card', type: { $activityType: 'Payment' } };
    expect(json('activity', payment, change)).toEqual({ subject: 'Card', type: 'payment_x' });
    expect(json('activity', whole)).toMatchObject({ subject: 'Paid back' });
    expect(json('deal', { title: 'Refund' }, change)).toEqual({ title: 'Refund' });
  });
});

describe('a payload becomes a body', () => {
  it.each<[string, Entity, Payload, unknown]>([
    ['a reference', 'deal', { person_id: { $ref: 'customer:1' } }, { person_id: 41 }],
    [
      'participants',
      'activity',
      { participants: [{ person_id: { $ref: 'customer:1' }, primary: true }] },
      { participants: [{ person_id: 41, primary: true }] },
    ],
    [
      'the first matched owner',
      'deal',
      { owner_id: { $owner: ['fieldworker:1', 'fieldworker:2'] } },
      { owner_id: 9 },
    ],
    ['no matched owner', 'deal', { owner_id: { $owner: ['fieldworker:1'] } }, { owner_id: 5 }],
    [
      'a stage and a decimal',
      'deal',
      { stage_id: { $stage: { pipeline: 'Jobs', stage: 'New' } }, value: '10.50' },
      { stage_id: 3, value: 10.5 },
    ],
    ['an activity type', 'activity', { type: { $activityType: 'Payment' } }, { type: 'payment_x' }],
    [
      'prices',
      'product',
      { prices: [{ currency: 'AUD', price: '0.10', cost: '0.05' }] },
      { prices: [{ currency: 'AUD', price: 0.1, cost: 0.05 }] },
    ],
    [
      'custom fields',
      'deal',
      {
        custom_fields: {
          Code: 'x',
          Status: { $option: 'Done' },
          Paid: { value: '1.20', currency: 'AUD' },
          Hours: '2.5',
        },
      },
      { custom_fields: { c1: 'x', c2: 70, c3: { value: 1.2, currency: 'AUD' }, c4: 2.5 } },
    ],
    [
      'several options',
      'person',
      { custom_fields: { Pets: { $options: ['Dog', 'Cat'] } } },
      { custom_fields: { c5: [2, 1] } },
    ],
    [
      'no option: cleared, an empty list is refused',
      'person',
      { custom_fields: { Pets: { $options: [] } } },
      { custom_fields: { c5: null } },
    ],
    ['no custom field: none sent, {} would clear all', 'deal', { custom_fields: {} }, {}],
    [
      'a note time in the form of v1',
      'note',
      { add_time: '2020-01-02T03:04:05Z' },
      { add_time: '2020-01-02 03:04:05' },
    ],
    [
      'cleared fields stay null',
      'deal',
      { value: null, won_time: null, person_id: null, custom_fields: { Code: null, Paid: null } },
      { value: null, won_time: null, person_id: null, custom_fields: { c1: null, c3: null } },
    ],
    ['a cleared note time', 'note', { add_time: null }, { add_time: null }],
    [
      'a lead: custom values flat on the root, their parts behind a suffix, those that there are not as null',
      'lead',
      {
        value: { amount: '10.50', currency: 'AUD' },
        organization_id: { $ref: 'customer:1' },
        custom_fields: {
          Code: 'x',
          Status: { $option: 'Done' },
          Paid: { value: '1.20', currency: 'AUD' },
          Where: { value: '1 High St, Perth', locality: 'Perth' },
          Extras: { $options: ['Windows', 'Oven'] },
          'Key time': { value: '09:30:00', timezone_name: 'Australia/Sydney' },
        },
      },
      {
        value: { amount: 10.5, currency: 'AUD' },
        organization_id: 41,
        c1: 'x',
        c2: 70,
        c3: 1.2,
        c3_currency: 'AUD',
        c6: '1 High St, Perth',
        c6_subpremise: null,
        c6_street_number: null,
        c6_route: null,
        c6_sublocality: null,
        c6_locality: 'Perth',
        c6_admin_area_level_1: null,
        c6_admin_area_level_2: null,
        c6_country: null,
        c6_postal_code: null,
        c7: '9,8',
        c8: '09:30:00',
      },
    ],
    [
      'a lead whose values are gone',
      'lead',
      { value: null, custom_fields: { Paid: null, Extras: null } },
      { value: null, c3: null, c3_currency: null, c7: null },
    ],
    ['labels', 'deal', { label_ids: { $labels: ['Dispute', 'VIP'] } }, { label_ids: [32, 31] }],
    ['labels of a lead', 'lead', { label_ids: { $labels: ['VIP'] } }, { label_ids: ['0ab1-uuid'] }],
    ['no label any more', 'deal', { label_ids: null }, { label_ids: [] }],
    ['cleared prices', 'product', { prices: null, tax: null }, { prices: null, tax: null }],
  ])('%s', (_what, entity, payload, expected) => {
    expect(json(entity, payload)).toEqual(expected);
  });

  it('follows what the probe learnt of deal times', () => {
    const times = { add_time: '2020-01-02T03:04:05Z', won_time: '2020-01-02T03:04:05Z' };
    const of = (dealAddTime: 'honoured' | 'dropped' | 'rejected', wonTime: 'rfc3339' | 'sql') =>
      json('deal', times, { probe: { dealAddTime, wonTime } });
    expect(of('honoured', 'rfc3339')).toEqual(times);
    expect(of('dropped', 'rfc3339')).toEqual({ won_time: times.won_time });
    expect(of('rejected', 'sql')).toEqual({ won_time: '2020-01-02 03:04:05' });
    expect(json('deal', { won_time: null }, { probe: { dealAddTime: 'dropped', wonTime: 'sql' } })).toEqual({
      won_time: null,
    });
  });

  it('hands the file to the sender, from the package or of our own making', () => {
    const file = { path: 'a/b.pdf', sha256: 'f', bytes: 3 };
    expect(resolvePayload('file', { file: { $file: file }, name: 'b.pdf' }, symbols)).toEqual({
      json: { name: 'b.pdf' },
      file,
    });
    const made = { text: 'ä', sha256: 'f', bytes: 2 };
    expect(resolvePayload('file', { file: { $textFile: made }, name: 'b.txt' }, symbols).file).toEqual(made);
  });

  it.each<[string, Payload, string]>([
    ['a parent that was not written', { person_id: { $ref: 'customer:2' } }, 'parent_not_written'],
    ['a number beyond a double', { value: '12345678901234567.89' }, 'number_out_of_range'],
    ['a number that is none', { custom_fields: { Hours: 'NaN' } }, 'number_out_of_range'],
  ])('refuses the record: %s', (_what, payload, code) => {
    expect(() => json('deal', payload)).toThrow(RecordRejected);
    expect(() => json('deal', payload)).toThrow(code);
  });

  it('a symbol that provisioning should have made is a bug of ours', () => {
    expect(() => json('deal', { custom_fields: { Colour: 'x' } })).toThrow('provisioning must run first');
  });
});

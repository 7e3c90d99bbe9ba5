import { describe, expect, test } from 'vitest';
import type { DestinationSchema, MappingSettings } from '../mapping/content.js';
import { colorOf, type LabelFacts, proposeLabels } from '../mapping/propose-labels.js';
import { codesOf, contentOf, mapIn, type Package, row } from './fixtures.js';

const { settings, schema } = contentOf({});
const withLabels = (labels: DestinationSchema['labels']): Package => ({
  content: { schema: { ...schema, ...(labels ? { labels } : {}) } },
});
const booking = (fields: Record<string, string>) =>
  row('booking', '7', { booking_id: '7', booking_number: 'BOK-7', customer_id: '5', ...fields });
const labelsOn = (mapped: ReturnType<typeof mapIn>, key: string) =>
  mapped.records.find((record) => record.targetKey === key)?.payload.label_ids;

describe('labels of a record', () => {
  test.each([
    ['a JSON list', '["VIP","Commercial"]', ['VIP', 'Commercial']],
    ['as the definition spells them, each once', 'vip; VIP;  Vip ', ['VIP']],
    ['one that holds a delimiter stays whole', 'Nursery, upstairs, VIP', ['Nursery, upstairs', 'VIP']],
    ['full-width letters', 'ＶＩＰ', ['VIP']],
  ])('%s', (_, labels, expected) => {
    expect(labelsOn(mapIn({}, booking({ labels })), 'booking:7')).toEqual({ $labels: expected });
  });

  test.each([
    ['nothing', {}],
    ['an empty list', { labels: '[]' }],
    ['blanks', { labels: ' ; ,' }],
  ])('%s: no field at all', (_, fields) => {
    expect(mapIn({}, booking(fields)).records[0]?.payload).not.toHaveProperty('label_ids');
  });

  test('one that the mapping does not make stands as text; a word every object has is no label', () => {
    const mapped = mapIn({}, booking({ labels: 'VIP|Ladder ticket|constructor' }));
    expect(labelsOn(mapped, 'booking:7')).toEqual({ $labels: ['VIP'] });
    expect(mapped.records[0]?.payload.custom_fields).toMatchObject({
      'More details': 'Labels: Ladder ticket, constructor',
    });
  });

  test('a version that was confirmed before there were labels: text, as it was confirmed', () => {
    const { labels: _, ...old } = schema;
    const content = { schema: old };
    const mapped = mapIn({ content }, booking({ labels: '["VIP"]' }));
    expect(mapped.records[0]?.payload).not.toHaveProperty('label_ids');
    expect(mapped.records[0]?.payload.custom_fields).toMatchObject({ 'More details': 'Labels: VIP' });
    const company = row('customer', '5', { customer_id: '5', business_name: 'Gull & Anchor', labels: 'VIP' });
    const customers = { '5': { person: 'customer:5', organization: 'customer:5#org' } };
    const organization = mapIn({ content, customers }, company).records[0];
    expect(organization?.payload.custom_fields).toEqual({ 'OctopusPro ID': 'customer:5#org' });
  });

  test('more than Pipedrive takes: the first hundred, and told', () => {
    const names = Array.from({ length: 101 }, (_, i) => `Label ${i}`);
    const pack = withLabels(names.map((name) => ({ entity: 'deal', name })));
    const mapped = mapIn(pack, booking({ labels: JSON.stringify(names) }));
    expect(labelsOn(mapped, 'booking:7')).toEqual({ $labels: names.slice(0, 100) });
    expect(codesOf(mapped)).toContain('too_many_labels labels');
  });

  test('a booking has those of its invoices and inquiry, and of a quote that is merged into it', () => {
    const rows = [
      row('invoice', '1', { invoice_id: '1', booking_ids: '["7"]', labels: '["Dispute"]' }),
      row('inquiry', '2', { inquiry_id: '2', booking_id: '7', labels: '["Website lead"]' }),
      row('quote', '3', { quote_id: '3', booking_id: '7', status: 'Accepted', labels: '["VIP"]' }),
    ];
    const its = booking({ labels: '["Commercial"]' });
    expect(labelsOn(mapIn({ rows }, its), 'booking:7')).toEqual({
      $labels: ['Commercial', 'Dispute', 'Website lead'],
    });
    const content = { settings: { ...settings, quoteDeals: 'merged' as const } };
    expect(labelsOn(mapIn({ rows, content }, its), 'booking:7')).toEqual({
      $labels: ['Commercial', 'Dispute', 'Website lead', 'VIP', 'Quote accepted'],
    });
  });

  test.each([
    ['Accepted', ['Quote accepted']],
    ['Converted', ['Quote accepted']],
    ['Declined', ['Quote declined']],
    ['EXPIRED', ['Quote expired']],
    ['Sent', undefined],
    ['Parked', undefined],
  ])('a quote that is %s', (status, expected) => {
    const mapped = mapIn({}, row('quote', '4', { quote_id: '4', customer_id: '5', status }));
    expect(labelsOn(mapped, 'quote:4')).toEqual(expected && { $labels: expected });
  });

  test('a company has those of all its customers, each of them their own', () => {
    const customers = {
      '5': { person: 'customer:5', organization: 'customer:5#org' },
      '6': { person: 'customer:6', organization: 'customer:5#org' },
    };
    const person = (id: string, labels: string) =>
      row('customer', id, { customer_id: id, first_name: 'Ann', business_name: 'Gull & Anchor', labels });
    const mapped = mapIn({ customers, rows: [person('6', 'Commercial')] }, person('5', 'VIP;Commercial'));
    expect(labelsOn(mapped, 'customer:5#org')).toEqual({ $labels: ['VIP', 'Commercial'] });
    expect(labelsOn(mapped, 'customer:5')).toEqual({ $labels: ['VIP', 'Commercial'] });
  });

  test('an inquiry: its status is a label of the lead; as a deal the stage says it', () => {
    const inquiry = row('inquiry', '2', {
      inquiry_id: '2',
      customer_id: '5',
      status: 'NEW',
      labels: 'Website lead',
    });
    expect(labelsOn(mapIn({}, inquiry), 'inquiry:2')).toEqual({ $labels: ['New', 'Website lead'] });
    const content = { settings: { ...settings, inquiries: 'deals' as const } };
    expect(labelsOn(mapIn({ content }, inquiry), 'inquiry:2#deal')).toEqual({ $labels: ['Website lead'] });
  });
});

describe('the list of labels', () => {
  const definition = (name: string) => row('label', '61', { label_id: '61', name, colour: '#d4af37' });

  test.each([
    ['one that the mapping makes', definition('vip'), {}, 'merged', ''],
    ['of workers only', definition('Ladder ticket'), {}, 'excluded', 'unused_label'],
    ['without a name', row('label', '62', { label_id: '62' }), {}, 'excluded', 'unused_label'],
  ])('%s', (_, source, pack: Package, outcome, reason) => {
    expect(mapIn(pack, source).outcome).toMatchObject({ outcome, reason });
  });

  test('of a version that was confirmed before there were labels: left out of it', () => {
    const { labels: _, ...old } = schema;
    expect(mapIn({ content: { schema: old } }, definition('VIP')).outcome.reason).toBe('not_in_mapping');
  });
});

describe('the proposal of labels', () => {
  const facts: LabelFacts = {
    definitions: [
      row('label', '1', { name: 'VIP', colour: '#d4af37', applies_to: '["Clients","bookings"]' }),
      row('label', '2', { name: 'Website lead', colour: '#457b9d', applies_to: 'inquiry;quote' }),
      row('label', '3', { name: 'Ladder ticket', applies_to: '["fieldworker"]' }),
      row('label', '4', { name: 'Everywhere' }),
    ],
    found: new Map([
      ['customer', ['vip', 'Senior']],
      ['invoice', ['Dispute']],
      ['inquiry', ['website LEAD', 'Facebook']],
    ]),
    inquiryStatuses: ['New', 'Follow Up', 'Closed', 'Converted', 'Hot'],
  };
  const staged = ['customer', 'booking', 'quote', 'invoice', 'inquiry'];
  const propose = (of: MappingSettings = settings, objects = staged, hasCompanies = true) =>
    proposeLabels(facts, objects, of, hasCompanies).map(({ entity, name, color }) =>
      [entity, name, color].filter(Boolean).join(' '),
    );

  test('defined and found, each once on what it applies to, in the spelling of its definition', () => {
    expect(propose()).toEqual([
      'person VIP',
      'organization VIP',
      'deal VIP',
      'lead Website lead blue',
      'deal Website lead',
      'person Senior',
      'organization Senior',
      'deal Dispute',
      'lead Facebook gray',
      'deal Facebook',
      'deal Quote accepted',
      'deal Quote declined',
      'deal Quote expired',
      'lead New blue',
      'lead Follow Up blue',
      'lead Closed gray',
      'lead Converted green',
      'lead Hot yellow',
    ]);
  });

  test('inquiries as deals: no labels of leads', () => {
    const labels = propose({ ...settings, inquiries: 'deals' });
    expect(labels.filter((label) => label.startsWith('lead'))).toEqual([]);
    expect(labels).toContain('deal Website lead');
  });

  test('only what the export has: no companies, no quotes', () => {
    expect(propose(settings, ['customer', 'booking'], false)).toEqual([
      'person VIP',
      'deal VIP',
      'person Senior',
      'deal Dispute',
      'lead Website lead blue',
      'lead Facebook gray',
      'deal Website lead',
      'deal Facebook',
    ]);
  });

  test.each([
    ['#d4af37', 'yellow'],
    ['2E9D3F', 'green'],
    [' #e63946 ', 'red'],
    ['#6d597a', 'purple'],
    ['#000000', 'gray'],
    ['gold', undefined],
    [undefined, undefined],
  ])('the colour nearest to %s is %s', (text, expected) => {
    expect(colorOf(text)).toBe(expected);
  });
});

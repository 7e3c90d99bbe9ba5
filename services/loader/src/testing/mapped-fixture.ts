import type { MappingContent } from '@octopipe/shared/domain/mapping/content';
import {
  fileNameWithMarker,
  markerFieldName,
  markerLine,
  type Payload,
} from '@octopipe/shared/domain/mapping/record';
import { textFile } from '@octopipe/shared/domain/mapping/text-file';
import type { Entity } from '@octopipe/shared/domain/run/states';

type Row = readonly [Entity, string, Payload];

const marker = (entity: 'organization' | 'person' | 'product' | 'deal') => ({
  entity,
  name: markerFieldName,
  type: 'varchar' as const,
  options: [],
  rank: 'must' as const,
});

/** A small destination: one of each kind of item. */
export const testContent: MappingContent = {
  settings: {
    country: 'AU',
    currency: 'AUD',
    timeZone: 'Australia/Sydney',
    dateFormat: 'iso',
    pipeline: 'OctopusPro',
    dealValue: 'booking_total',
    includeDeleted: false,
  },
  schema: {
    fields: [
      marker('organization'),
      marker('person'),
      marker('product'),
      marker('deal'),
      {
        entity: 'deal',
        name: 'Booking status',
        type: 'enum',
        options: ['Completed', 'To Do'],
        rank: 'should',
      },
      { entity: 'deal', name: 'Amount paid', type: 'monetary', options: [], rank: 'should' },
      { entity: 'person', name: 'Pets', type: 'set', options: ['Dog', 'Cat'], rank: 'may' },
      { entity: 'deal', name: 'Job address', type: 'address', options: [], rank: 'should' },
      { entity: 'deal', name: 'Extras', type: 'set', options: ['Oven', 'Windows'], rank: 'may' },
    ],
    pipelines: [{ name: 'OctopusPro', stages: ['Requested', 'Scheduled', 'Done'] }],
    activityTypes: [
      { name: 'Appointment', iconKey: 'calendar' },
      { name: 'Payment', iconKey: 'pricetag' },
    ],
    labels: [
      // Every account has `Customer` among its labels of persons, and `Hot` among those of leads.
      { entity: 'person', name: 'customer' },
      { entity: 'person', name: 'VIP' },
      { entity: 'organization', name: 'VIP' },
      { entity: 'deal', name: 'VIP' },
      { entity: 'deal', name: 'Quote accepted' },
      { entity: 'lead', name: 'hot', color: 'red' },
      { entity: 'lead', name: 'Website lead', color: 'blue' },
    ],
  },
  objects: [],
  bookingStatuses: {},
  lossy: [],
};

function line(booking: string, n: string, price: string): Row {
  const key = `booking_service:${booking}0${n}`;
  return [
    'line',
    key,
    {
      deal_id: { $ref: `booking:${booking}` },
      product_id: { $ref: `service:${Number(n) % 2 === 0 ? 2 : 1}` },
      item_price: price,
      quantity: '1',
      discount: '0',
      discount_type: 'percentage',
      tax: '0',
      tax_method: 'none',
      is_enabled: true,
      comments: `Clean ${n} < scrub & "rinse"\n${markerLine(key)}`,
    },
  ];
}

/** A few records of every entity, with links between them: what the write path is tried on. */
export function probePayloads(file: { sha256: string; bytes: number }): ReadonlyArray<Row> {
  const one = ['1', '2', '3', '4', '5', '6', '7'];
  return [
    ...['1', '2', '3'].map(
      (n) =>
        [
          'organization',
          `customer:${n}#org`,
          {
            name: `Café ${n} & Söhne`,
            label_ids: { $labels: ['VIP'] },
            add_time: '2020-01-02T03:04:05Z',
            custom_fields: { [markerFieldName]: `customer:${n}#org` },
          },
        ] satisfies Row,
    ),
    ...one.map(
      (n) =>
        [
          'person',
          `customer:${n}`,
          {
            name: `Person ${n} 🐙`,
            add_time: '2021-02-03T04:05:06Z',
            emails: [{ value: `p${n}@mail.example`, primary: true, label: 'work' }],
            phones: [{ value: '+61491570006', primary: true, label: 'mobile' }],
            ...(Number(n) <= 3 ? { org_id: { $ref: `customer:${n}#org` } } : {}),
            owner_id: { $owner: ['fieldworker:1'] },
            label_ids: { $labels: ['VIP', 'customer'] },
            custom_fields: { [markerFieldName]: `customer:${n}`, Pets: { $options: ['Cat', 'Dog'] } },
          },
        ] satisfies Row,
    ),
    ...['1', '2'].map(
      (n) =>
        [
          'product',
          `service:${n}`,
          {
            name: `Clean ${n}`,
            prices: [{ currency: 'AUD', price: '120.10', ...(n === '1' ? { cost: '80.05' } : {}) }],
            custom_fields: { [markerFieldName]: `service:${n}` },
          },
        ] satisfies Row,
    ),
    ...['1', '2', '3'].map(
      (n) =>
        [
          'lead',
          `inquiry:${n}`,
          {
            title: `Gutters, before Christmas 🎄 · INQ-${n}`,
            value: { amount: `${n}20.35`, currency: 'AUD' },
            // The last is of a company whose contact nobody knows.
            ...(n === '3'
              ? { organization_id: { $ref: 'customer:3#org' } }
              : { person_id: { $ref: `customer:${n}` } }),
            owner_id: { $owner: ['fieldworker:1'] },
            was_seen: true,
            origin_id: `inquiry:${n}`,
            label_ids: { $labels: ['Website lead', 'hot'] },
            custom_fields: {
              [markerFieldName]: `inquiry:${n}`,
              'Booking status': { $option: 'To Do' },
              'Amount paid': { value: '0.05', currency: 'AUD' },
              'Job address': { value: `${n} Wharf Steps, Manly`, street_number: n, locality: 'Manly' },
              Extras: { $options: ['Windows', 'Oven'] },
            },
          },
        ] satisfies Row,
    ),
    ...one.map(
      (n) =>
        [
          'deal',
          `booking:${n}`,
          {
            title: `Bond clean · BOK-${n}`,
            value: `1${n}0.35`,
            currency: 'AUD',
            person_id: { $ref: `customer:${n}` },
            stage_id: { $stage: { pipeline: 'OctopusPro', stage: 'Done' } },
            status: 'won',
            won_time: '2024-05-01T10:00:00Z',
            label_ids: { $labels: ['VIP', 'Quote accepted'] },
            custom_fields: {
              [markerFieldName]: `booking:${n}`,
              'Booking status': { $option: 'Completed' },
              'Amount paid': { value: '100.05', currency: 'AUD' },
            },
          },
        ] satisfies Row,
    ),
    // A deal with lines enough for one call, one with a few, and none on the others. They come to the deal's value.
    ...['1.35', '10', '20', '30', '40', '8.55', '0.45'].map((price, n) => line('1', String(n + 1), price)),
    ...['100.35', '19.5', '0.5'].map((price, n) => line('2', String(n + 1), price)),
    ...one.map(
      (n) =>
        [
          'activity',
          `appointment:${n}`,
          {
            subject: `Appointment ${n}`,
            type: { $activityType: Number(n) % 2 === 0 ? 'Payment' : 'Appointment' },
            deal_id: { $ref: `booking:${n}` },
            participants: [{ person_id: { $ref: `customer:${n}` }, primary: true }],
            due_date: '2024-05-01',
            due_time: '10:00',
            duration: '01:30',
            done: true,
            note: `Worker: Ann<br>${markerLine(`appointment:${n}`, `BOK-${n}`)}`,
          },
        ] satisfies Row,
    ),
    [
      'activity',
      'communication:1',
      {
        subject: 'Call from 0491 570 006',
        type: { $activityType: 'Appointment' },
        lead_id: { $ref: 'inquiry:1' },
        due_date: '2024-05-02',
        done: true,
        note: `Asked for a price<br>${markerLine('communication:1', 'INQ-1')}`,
      },
    ],
    [
      'note',
      'note:1',
      {
        content: `Left a message<br>${markerLine('note:1', 'INQ-1')}`,
        lead_id: { $ref: 'inquiry:1' },
        add_time: '2020-01-02T03:04:05Z',
      },
    ],
    [
      'file',
      'attachment:3',
      {
        file: { $file: { path: 'attachments/invoices/1/INV-1.pdf', sha256: file.sha256, bytes: file.bytes } },
        name: fileNameWithMarker('roof.pdf', 'attachment:3'),
        lead_id: { $ref: 'inquiry:1' },
      },
    ],
    ...['1', '2'].map(
      (n) =>
        [
          'note',
          `customer:${n}#note`,
          {
            content: `Rings twice<br>${markerLine(`customer:${n}#note`)}`,
            person_id: { $ref: `customer:${n}` },
            add_time: '2020-01-02T03:04:05Z',
          },
        ] satisfies Row,
    ),
    ...['1', '2'].map(
      (n) =>
        [
          'file',
          `attachment:${n}`,
          {
            file: {
              $file: { path: 'attachments/invoices/1/INV-1.pdf', sha256: file.sha256, bytes: file.bytes },
            },
            name: fileNameWithMarker(`INV-${n}.pdf`, `attachment:${n}`),
            deal_id: { $ref: `booking:${n}` },
          },
        ] satisfies Row,
    ),
    [
      'file',
      'service:1#faq',
      {
        file: textFile('Do you clean ovens?\nYes 🐙\n'),
        name: fileNameWithMarker('Questions and answers.txt', 'service:1#faq'),
        product_id: { $ref: 'service:1' },
      },
    ],
  ];
}

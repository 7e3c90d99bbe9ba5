import { describe, expect, test } from 'vitest';
import { row } from '../objects/fixtures.js';
import { problemsOf } from './check-content.js';
import { contentHash, type MappingContent } from './content.js';
import type { CustomFieldDefinition } from './define-object.js';
import { type ProposalFacts, proposeMapping } from './propose.js';

const size: CustomFieldDefinition = {
  id: '710',
  label: 'Size',
  appliesTo: 'booking',
  type: 'Dropdown',
  options: ['Small', 'Large'],
};
const source: CustomFieldDefinition = {
  id: '711',
  label: 'Source',
  appliesTo: 'booking',
  type: 'Text box',
  options: [],
};
const signature: CustomFieldDefinition = {
  id: '716',
  label: 'Sign-off',
  appliesTo: 'booking',
  type: 'Signature',
  options: [],
};

const facts: ProposalFacts = {
  given: { currency: 'nzd' },
  manifestTenant: {
    country: 'AU',
    currency: 'AUD',
    time_zone: 'Pacific/Auckland',
    date_format: 'DD/MM/YYYY',
  },
  objects: [
    {
      object: 'booking',
      rows: 10,
      columns: [
        { header: 'Job ID', field: 'booking_id' },
        { header: 'Status', field: 'status' },
        { header: 'Source', field: 'source' },
        { header: 'Paid', field: 'paid' },
        { header: 'Mystery', field: null },
        { header: 'cf:710:Size', field: null },
        { header: 'cf:711:Source', field: null },
        { header: 'cf:716:Sign-off', field: null },
      ],
    },
    { object: 'pay_rate', rows: 3, columns: [{ header: 'Rate', field: 'rate' }] },
  ],
  filled: (_object, header) => ({ 'cf:710:Size': 9, 'cf:711:Source': 2, Mystery: 10 })[header],
  customFields: new Map([size, source, signature].map((definition) => [definition.id, definition])),
  labels: { definitions: [], found: new Map(), inquiryStatuses: [] },
  statuses: [
    row('booking_status', '1', { name: 'To Do', is_current: 'true' }),
    row('booking_status', '21', { name: 'Keys Collected', is_current: 'true', allows_invoicing: 'true' }),
    row('booking_status', '22', { name: 'Rain Delay', is_current: 'true' }),
  ],
  statusesFound: ['To-Do', 'Completed', 'Parked'],
  valuesFound: new Map([['cf:710:Size', ['small', 'Huge (+$90.00)']]]),
  longFormFields: new Map(),
  outOfScope: [{ path: 'timesheets.csv', rows: 40 }],
  duplicates: [],
};

function propose(more: Partial<ProposalFacts> = {}, cap?: number): MappingContent {
  const proposal = proposeMapping(
    { ...facts, ...more },
    cap === undefined ? undefined : { plan: 'growth', fields: cap },
  );
  if (!('content' in proposal)) throw new Error('settings are missing');
  return proposal.content;
}

describe('the proposal', () => {
  test('is sound and always the same', () => {
    expect(problemsOf(propose())).toEqual([]);
    expect(contentHash(propose())).toBe(contentHash(propose()));
  });

  test('settings given with the migration win over the manifest', () => {
    expect(propose().settings).toMatchObject({
      country: 'AU',
      currency: 'NZD',
      timeZone: 'Pacific/Auckland',
      dateFormat: 'dd/MM/yyyy',
    });
  });

  test('each column has a target or a reason', () => {
    const columns = propose().objects.find((object) => object.object === 'booking')?.columns ?? [];
    expect(
      columns.map((column) => [
        column.header,
        column.target?.field ?? null,
        column.confidence,
        column.target ? null : column.lossy,
      ]),
    ).toEqual([
      ['Job ID', 'OctopusPro ID', 0.95, null],
      ['Status', 'status', 1, null],
      ['Source', 'Source', 1, null],
      ['Paid', null, 1, 'Derived from payments: the field Amount paid.'],
      ['Mystery', null, 0, 'The column has no target yet.'],
      ['cf:710:Size', 'Size', 1, null],
      // Our own field has the name already.
      ['cf:711:Source', 'Source (2)', 1, null],
      ['cf:716:Sign-off', 'Sign-off', 1, null],
    ]);
    expect(propose().lossy.filter(({ object }) => object !== 'booking')).toEqual([
      {
        object: 'pay_rate',
        says: '3 rows, not carried over but written down in the inventory “manual review”. Pay is for your payroll, not for a CRM: the inventory counts the rates and repeats no amount.',
      },
      {
        object: 'timesheets.csv',
        says: '40 rows of a file that is no part of an OctopusPro export as we know it: they stay in the package.',
      },
    ]);
    expect(propose().objects.filter(({ supported }) => !supported)).toMatchObject([
      {
        object: 'pay_rate',
        inventory: 'manual-review',
        columns: [{ header: 'Rate', target: null, lossy: null }],
      },
      { object: 'timesheets.csv', rows: 40, columns: [] },
    ]);
  });

  test('a field that holds files takes none of the cap: its file is a record, its name is packed', () => {
    const { fields, activityTypes } = propose({
      filled: (_, header) => (header === 'cf:716:Sign-off' ? 4 : 0),
    }).schema;
    expect(fields.map((field) => field.name)).toEqual(['OctopusPro ID', 'More details']);
    expect(activityTypes.map(({ name }) => name)).toEqual(['Appointment', 'Form']);
  });

  test('forecasts the kinds of activity for which an account had no type left, of those that this export has', () => {
    const shared = ['Form', 'Refund'].map((kind) => ({ kind, type: 'Task' }));
    const proposal = proposeMapping(facts, undefined, shared);
    const forecast = 'content' in proposal ? proposal.content.lossy.at(-1) : undefined;
    expect(forecast).toMatchObject({
      object: 'activity',
      says: expect.stringContaining('Form has none of its own'),
    });
    expect(forecast?.says).toContain('type Task');
    expect(propose().lossy.filter(({ object }) => object === 'activity')).toEqual([]);
  });

  test('a field of bookings and one of quotes with the same name and type are one field of deals, else two', () => {
    const ofQuote = (type: string) => ({
      ...size,
      id: '810',
      appliesTo: 'quote',
      type,
      options: ['Large', 'Vast'],
    });
    const fieldsWith = (type: string) =>
      propose({
        objects: [
          ...facts.objects,
          { object: 'quote', rows: 4, columns: [{ header: 'cf:810:Size', field: null }] },
        ],
        customFields: new Map([size, ofQuote(type)].map((definition) => [definition.id, definition])),
        filled: () => undefined,
        valuesFound: new Map(),
      }).schema.fields.filter((field) => field.name.startsWith('Size'));
    expect(fieldsWith('Radio button')).toEqual([
      { entity: 'deal', name: 'Size', type: 'enum', options: ['Small', 'Large', 'Vast'], rank: 'may' },
    ]);
    expect(fieldsWith('List').map(({ name, type }) => `${name} ${type}`)).toEqual([
      'Size enum',
      'Size (2) set',
    ]);
  });

  test('a choice has the options of its definition and the values that occur beyond them', () => {
    const size = propose().schema.fields.find((field) => field.name === 'Size');
    expect(size).toMatchObject({ type: 'enum', options: ['Small', 'Large', 'Huge'], rank: 'may' });
  });

  test('a status of the tenant’s own is never won or lost by guessing; one in no list stays out of the map', () => {
    expect(propose().bookingStatuses).toEqual({
      'to do': { status: 'open', stage: 'Scheduled' },
      'keys collected': { status: 'open', stage: 'Scheduled' },
      'rain delay': { status: 'open', stage: 'Needs review' },
      completed: { status: 'won', stage: 'Done' },
    });
  });

  test('a short plan keeps what must and should be, then the fullest; the rest is packed', () => {
    const names = (cap: number) => propose({}, cap).schema.fields.map((field) => field.name);
    expect(names(30)).toEqual([
      'OctopusPro ID',
      'Booking status',
      'Source',
      'Size',
      'Source (2)',
      'More details',
    ]);
    expect(names(5)).toEqual(['OctopusPro ID', 'Booking status', 'Source', 'Size', 'More details']);
  });

  test('says what is missing, a sentence each', () => {
    const proposal = proposeMapping({
      ...facts,
      given: {},
      manifestTenant: { currency: 'AUD', time_zone: 'Sydney' },
    });
    expect('missing' in proposal && proposal.missing.map(({ setting }) => setting)).toEqual([
      'country',
      'time_zone',
    ]);
  });

  test('matching stands in the mapping only when it was asked for', () => {
    expect(propose().settings.matching).toBeUndefined();
    const asked = proposeMapping({
      ...facts,
      given: { ...facts.given, match: ['persons', 'nobody'], conflict_policy: 'keep_theirs' },
    });
    expect('content' in asked && asked.content.settings.matching).toEqual({
      person: { existing: 'match', policy: 'keep_theirs', fields: {} },
    });
  });

  test('a mapping that contradicts itself is told so', () => {
    const content = propose();
    const broken: MappingContent = {
      ...content,
      bookingStatuses: { 'to do': { status: 'open', stage: 'Nowhere' } },
      schema: {
        ...content.schema,
        fields: content.schema.fields.filter((field) => field.name !== 'OctopusPro ID'),
      },
    };
    expect(problemsOf(broken).length).toBe(2);
  });
});

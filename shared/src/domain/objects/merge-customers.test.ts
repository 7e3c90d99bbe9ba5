import { describe, expect, test } from 'vitest';
import { problemsOf } from '../mapping/check-content.js';
import type { MappingContent } from '../mapping/content.js';
import { codesOf, contentOf, mapIn, type Package, payloadsOf, row } from './fixtures.js';
import { mergeCustomers, mergeRules } from './merge-customers.js';

const stays = row('customer', '1001', {
  customer_id: '1001',
  first_name: 'Ada',
  last_name: 'Lovelace',
  email: 'ada@inlet.example',
  mobile: '0412 555 010',
  street_address: '12 Quay St',
  suburb: 'Manly',
  notes: 'Two dogs.',
  labels: 'VIP',
  email_opt_out: 'no',
  date_joined: '2022-03-01',
});
const gone = row('customer', '1002', {
  customer_id: '1002',
  full_name: 'Lovelace, Ada',
  email: 'ADA@inlet.example, ada.l@work.example',
  phone: '+61 412 555 010',
  mobile: '02 5550 0001',
  unit: '3',
  street_address: '9 Hill Rd',
  suburb: 'Manly',
  customer_title: 'Ms',
  notes: 'Gate at the back.',
  labels: 'VIP; Commercial',
  email_opt_out: 'yes',
  date_joined: '2019-07-15',
  first_name2: 'Mary',
  last_name2: 'Somerville',
  email2: 'mary@inlet.example',
});

function merging(mergeInto: string | null, ...customers: string[]): NonNullable<Package['content']> {
  return { duplicates: [{ customers, grade: 'sure', evidence: [], mergeInto }] };
}

describe('a customer with another merged into it', () => {
  const pack: Package = { rows: [stays, gone], content: merging('1001', '1001', '1002') };

  test('has the e-mails, phones, labels and people of both, the rest where it had none, and loses nothing', () => {
    const mapped = mapIn(pack, stays);
    expect(mapped.outcome.outcome).toBe('mapped');
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "note customer:1001#note": {
          "add_time": "2019-07-14T14:00:00Z",
          "content": "Address (customer 1002): 3, 9 Hill Rd, Manly<br><br>Two dogs.<br><br>Gate at the back.<br><br>OctopusPro customer:1001#note",
          "person_id": {
            "$ref": "customer:1001",
          },
        },
        "person customer:1001": {
          "add_time": "2019-07-14T14:00:00Z",
          "custom_fields": {
            "Address": {
              "locality": "Manly",
              "route": "Quay St",
              "street_number": "12",
              "value": "12 Quay St, Manly",
            },
            "Email opt out": {
              "$option": "Yes",
            },
            "More details": "Title: Ms",
            "OctopusPro ID": "customer:1001",
          },
          "emails": [
            {
              "label": "home",
              "primary": true,
              "value": "ada@inlet.example",
            },
            {
              "label": "home",
              "primary": false,
              "value": "ada.l@work.example",
            },
          ],
          "label_ids": {
            "$labels": [
              "VIP",
              "Commercial",
            ],
          },
          "name": "Ada Lovelace",
          "phones": [
            {
              "label": "mobile",
              "primary": true,
              "value": "+61412555010",
            },
            {
              "label": "mobile",
              "primary": false,
              "value": "+61255500001",
            },
          ],
        },
        "person customer:1002#2": {
          "add_time": "2019-07-14T14:00:00Z",
          "custom_fields": {
            "OctopusPro ID": "customer:1002#2",
          },
          "emails": [
            {
              "label": "home",
              "primary": true,
              "value": "mary@inlet.example",
            },
          ],
          "name": "Mary Somerville",
        },
      }
    `);
    expect(codesOf(mapped)).toEqual([]);
  });

  test('the crosswalk leads from the merged id to the same person, and its other people stay its own', () => {
    const links = mapIn(pack, stays).links.map(
      ({ sourceId, slot, role, targetKey }) => `${sourceId}#${slot} ${role} ${targetKey}`,
    );
    expect(links).toEqual([
      '1001# primary customer:1001',
      '1002#2 primary customer:1002#2',
      '1001#note primary customer:1001#note',
      '1002# merged customer:1001',
      '1002#note merged customer:1001#note',
    ]);
  });

  test('the merged row has no record and says what is wrong with it itself', () => {
    const broken = row('customer', '1002', { ...gone.fields, email: 'ada@', date_joined: '31/02/2020' });
    const mapped = mapIn({ ...pack, rows: [stays, broken] }, broken);
    expect([mapped.outcome, mapped.records, mapped.links]).toMatchObject([
      { outcome: 'merged', reason: '' },
      [],
      [],
    ]);
    expect(codesOf(mapped)).toEqual(['invalid_email email', 'unparseable_date date_joined']);
    expect(codesOf(mapIn({ ...pack, rows: [stays, broken] }, stays))).toEqual([]);
  });

  test('kept apart, both are what they would be alone', () => {
    const apart = { rows: [stays, gone], content: merging(null, '1001', '1002') };
    const alone = { rows: [stays, gone] };
    expect(mapIn(apart, gone)).toEqual(mapIn(alone, gone));
    expect(mapIn(apart, stays)).toEqual(mapIn(alone, stays));
  });

  test('whichever of them a person lets stay', () => {
    const other = { rows: [stays, gone], content: merging('1002', '1001', '1002') };
    expect(mapIn(other, stays).outcome.outcome).toBe('merged');
    const person = payloadsOf(mapIn(other, gone))['person customer:1002'];
    expect(person).toMatchObject({
      name: 'Ada Lovelace',
      emails: [{ value: 'ada@inlet.example', primary: true }, { value: 'ada.l@work.example' }],
    });
  });

  test('three are one: the order is that of the ids, not of the rows', () => {
    const third = row('customer', '999', {
      customer_id: '999',
      first_name: 'A.',
      last_name: 'Lovelace',
      customer_title: 'Dr',
    });
    const content = merging('1001', '999', '1001', '1002');
    const mapped = mapIn({ rows: [gone, third, stays], content }, stays);
    const text = JSON.stringify(payloadsOf(mapped));
    expect(text).toContain('Title: Dr');
    expect(text).toContain('Title (customer 1002): Ms');
    expect(text).toContain('Name (customer 999): A. Lovelace');
  });

  test('a company that only the merged row names becomes the organization, also where a person stays', () => {
    const firm = row('customer', '1002', {
      customer_id: '1002',
      business_name: 'Harbour Gardens',
      phone: '02 5550 0001',
    });
    const organization = 'customer:1001#org';
    const customers = { 1001: { person: null, organization }, 1002: { person: null, organization } };
    const payloads = payloadsOf(mapIn({ ...pack, rows: [firm], customers }, stays));
    expect(payloads['organization customer:1001#org']).toMatchObject({ name: 'Harbour Gardens' });
    expect(payloads['person customer:1001']).toMatchObject({
      name: 'Ada Lovelace',
      org_id: { $ref: organization },
    });
  });

  test('the tenant’s own fields: the first value, the other one in the note; a column that a person dropped is in neither', () => {
    const size = { id: '7', label: 'Gate code', appliesTo: 'customer', type: 'Text box', options: [] };
    const column = (header: string, field: string | null, target: boolean) => ({
      header,
      field,
      target: target ? { entity: 'person', field: 'Gate code', custom: true } : null,
      confidence: 1,
      evidence: '',
      lossy: null,
    });
    const objects = [
      {
        object: 'customer',
        rows: 2,
        supported: true,
        columns: [column('cf:7:Gate code', null, true), column('Customer title', 'customer_title', false)],
      },
    ];
    const withCode = (of: typeof gone, code: string) => ({ ...of, extra: { 'cf:7:Gate code': code } });
    const mapped = mapIn(
      {
        rows: [withCode(gone, '4711')],
        customFields: [size],
        content: { ...pack.content, objects },
      },
      withCode(stays, '0815'),
    );
    const payloads = payloadsOf(mapped);
    expect(JSON.stringify(payloads['person customer:1001'])).toContain('Gate code: 0815');
    expect(JSON.stringify(payloads['note customer:1001#note'])).toContain('Gate code (customer 1002): 4711');
    expect(JSON.stringify(payloads)).not.toContain('Title');
  });

  test('a value of a field in a row of its own, and an address, go to the one that stays', () => {
    const value = row('custom_field_value', '', {
      object: 'customer',
      record_id: '1002',
      field_id: '7',
      value: 'x',
    });
    const links = mapIn({ ...pack, rows: [stays, gone] }, { ...value, sourceId: '9' }).links;
    expect(links.map(({ targetKey }) => targetKey)).toEqual(['customer:1001']);
    const place = row('customer_address', '3001', {
      customer_id: '1002',
      unit: '3',
      street_address: '9 Hill Rd',
      suburb: 'Manly',
    });
    const customers = { 1002: { person: 'customer:1001', organization: null } };
    // It was in the merged row; the person has the other row's, so it needs a note of its own.
    expect(mapIn({ ...pack, customers }, place).outcome.outcome).toBe('mapped');
    const same = row('customer_address', '3002', {
      customer_id: '1002',
      street_address: '12 QUAY ST',
      suburb: 'Manly',
    });
    expect(mapIn({ ...pack, customers }, same).outcome.outcome).toBe('merged');
  });
});

describe('the rules', () => {
  const { settings } = contentOf({});
  const merged = (...rows: Array<Record<string, string>>) => {
    const [first = row('customer', '1', {}), ...others] = rows.map((fields, n) =>
      row('customer', String(n + 1), fields),
    );
    return mergeCustomers([first, ...others], settings);
  };

  test.each([
    [
      'half an address is not filled up with another',
      [{ suburb: 'Manly' }, { street_address: '9 Hill Rd', unit: '3' }],
      { suburb: 'Manly' },
      ['Address (customer 2): 3, 9 Hill Rd'],
    ],
    ['nothing is taken from an empty row', [{ source: 'Google' }, {}], { source: 'Google' }, []],
    [
      'the same in other letters is the same',
      [{ source: 'Google' }, { source: 'GOOGLE ' }],
      { source: 'Google' },
      [],
    ],
    [
      'who once opted out has opted out',
      [{ sms_opt_out: 'no' }, { sms_opt_out: '1' }, { sms_opt_out: 'no' }],
      { sms_opt_out: '1' },
      [],
    ],
    [
      'the earliest day that can be read',
      [{ date_joined: 'soon' }, { date_joined: '02/03/2021' }, { date_joined: '2020-12-31' }],
      { date_joined: '2020-12-31' },
      [],
    ],
    ['a day that nobody can read stays with its row', [{}, { date_joined: 'soon' }], {}, []],
    [
      'a name is whole',
      [{ first_name: 'Ada' }, { first_name: 'Ada', last_name: 'Lovelace' }],
      { first_name: 'Ada' },
      ['Name (customer 2): Ada Lovelace'],
    ],
  ])('%s', (_what, rows, fields, otherwise) => {
    const { row: one, otherwise: said } = merged(...(rows as Array<Record<string, string>>));
    expect([one.fields, said.map(([label, text]) => `${label}: ${text}`)]).toEqual([fields, otherwise]);
  });

  test('each column has one rule', () => {
    const columns = mergeRules.flatMap((rule) => rule.columns);
    expect(new Set(columns).size).toBe(columns.length);
  });
});

describe('merges that contradict each other are refused', () => {
  const group = (mergeInto: string | null, ...customers: string[]) => ({
    customers,
    grade: 'sure' as const,
    evidence: [],
    mergeInto,
  });
  test.each<[string, MappingContent['duplicates'], string[]]>([
    ['none', [group(null, '1', '2')], []],
    ['two groups into one customer', [group('1', '1', '2'), group('1', '1', '3')], []],
    [
      'into a stranger',
      [group('9', '1', '2')],
      ['Customers 1, 2 are to be merged into 9, which is not one of them.'],
    ],
    ['into two', [group('1', '1', '3'), group('2', '2', '3')], ['Customer 3 is merged into 1 and 2.']],
    [
      'in a chain',
      [group('2', '1', '2'), group('3', '2', '3')],
      ['Customer 2 is merged into 3, and others into it: put all of them in one group.'],
    ],
    [
      'in a circle',
      [group('2', '1', '2'), group('1', '1', '2')],
      [
        'Customer 1 is merged into 2, and others into it: put all of them in one group.',
        'Customer 2 is merged into 1, and others into it: put all of them in one group.',
      ],
    ],
  ])('%s', (_what, duplicates, problems) => {
    const content = { ...contentOf({}), ...(duplicates ? { duplicates } : {}) };
    expect(problemsOf(content).filter((problem) => problem.includes('erged'))).toEqual(problems);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { row } from '../objects/fixtures.js';
import type { DuplicateCustomers } from './content.js';
import { customerSignals, findDuplicates, mergesOf } from './duplicate-customers.js';

type Fields = Record<string, string>;
const signalsOf = (customers: Record<string, Fields>) =>
  Object.entries(customers).map(([id, fields]) => customerSignals(row('customer', id, fields), 'AU'));

/** `sure 1+2: 1-2 name email`, one line for each group. */
function groupsOf(
  customers: Record<string, Fields>,
  earlier?: DuplicateCustomers[],
  stated?: Map<string, string>,
): string[] {
  return findDuplicates(signalsOf(customers), earlier, stated).map(
    ({ grade, customers: ids, evidence, mergeInto }) =>
      `${grade} ${ids.join('+')}${mergeInto === null ? '' : ` into ${mergeInto}`}: ${evidence
        .map(({ customers: pair, same }) => `${pair.join('-')} ${same.join(' ')}`)
        .join(', ')}`,
  );
}

const ada = { first_name: 'Ada', last_name: 'Lovelace' };
const street = { street_number: '12', street_address: 'Quay St', suburb: 'Manly', postcode: '2095' };

describe('customers that look like one and the same', () => {
  test.each<[string, Record<string, Fields>, string[]]>([
    [
      'the same e-mail and phone, written otherwise',
      {
        9: { ...ada, email: 'ada@inlet.example', mobile: '0412 555 010' },
        10: { full_name: 'LOVELACE, Ada', email: ' ADA@inlet.example ', mobile: '+61 412 555 010' },
      },
      ['sure 9+10: 9-10 name email phone'],
    ],
    [
      'one’s second e-mail is the other’s first',
      {
        1: { ...ada, email: 'a@x.example', email2: 'ada@inlet.example' },
        2: { ...ada, email: 'ada@inlet.example' },
      },
      ['sure 1+2: 1-2 name email'],
    ],
    [
      'through a third: A = B by e-mail, B = C by phone',
      {
        3: { ...ada, phone: '02 5550 0001' },
        1: { ...ada, email: 'ada@inlet.example' },
        2: { ...ada, email: 'ada@inlet.example', phone: '02 5550 0001' },
      },
      ['sure 1+2+3: 1-2 name email, 2-3 name phone'],
    ],
    [
      'through a third that is only likely: the group is no surer than its weakest step',
      {
        1: { ...ada, email: 'ada@inlet.example' },
        2: { ...ada, email: 'ada@inlet.example', ...street },
        3: { ...ada, ...street },
      },
      ['likely 1+2+3: 1-2 name email, 2-3 name address'],
    ],
    [
      'what is likely besides takes nothing from what is sure',
      {
        1: { ...ada, email: 'ada@inlet.example', ...street },
        2: { ...ada, email: 'ada@inlet.example', phone: '02 5550 0001' },
        3: { ...ada, phone: '02 5550 0001', ...street },
      },
      ['sure 1+2+3: 1-2 name email, 1-3 name address, 2-3 name phone'],
    ],
    [
      'the same person with one e-mail at two companies',
      {
        1: { ...ada, email: 'ada@inlet.example', business_name: 'Harbour Gardens' },
        2: { ...ada, email: 'ada@inlet.example', business_name: 'City Cleaning Pty Ltd' },
      },
      ['likely 1+2: 1-2 name email'],
    ],
    [
      'two companies that only meet through a third without one',
      {
        1: { ...ada, email: 'a@x.example', business_name: 'Harbour Gardens' },
        2: { ...ada, email: 'a@x.example', phone: '02 5550 0001' },
        3: { ...ada, phone: '02 5550 0001', business_name: 'City Cleaning' },
      },
      ['likely 1+2+3: 1-2 name email, 2-3 name phone'],
    ],
    [
      'the legal form of a company does not count',
      {
        1: { business_name: 'Gull & Anchor Realty', phone: '02 5550 0001' },
        2: { business_name: 'Gull and Anchor Realty Pty Ltd', phone: '(02) 5550 0001' },
      },
      ['sure 1+2: 1-2 name phone'],
    ],
    [
      'names swapped, at the same address',
      { 1: { ...ada, ...street }, 2: { first_name: 'Lovelace', last_name: 'Ada', ...street } },
      ['likely 1+2: 1-2 address'],
    ],
    [
      'an initial, a middle name, no name at all',
      {
        1: { ...ada, mobile: '0412 555 010' },
        2: { first_name: 'A.', last_name: 'Lovelace', mobile: '0412 555 010' },
        3: { first_name: 'Ada King', last_name: 'Lovelace', mobile: '0412 555 010' },
        4: { mobile: '0412 555 010' },
      },
      ['likely 1+2+3+4: 1-2 phone, 1-3 phone, 1-4 phone, 2-3 phone, 2-4 phone, 3-4 phone'],
    ],
    [
      'a couple with one mailbox',
      {
        1: { ...ada, email: 'l@x.example' },
        2: { first_name: 'Byron', last_name: 'Lovelace', email: 'l@x.example' },
      },
      ['likely 1+2: 1-2 email'],
    ],
    [
      'a couple with one landline',
      {
        1: { ...ada, phone: '02 5550 0001' },
        2: { first_name: 'Byron', last_name: 'Lovelace', phone: '02 5550 0001' },
      },
      [],
    ],
    [
      'an e-mail or a phone alone, under different names',
      {
        1: { ...ada, email: 'office@inlet.example', phone: '02 5550 0001' },
        2: {
          first_name: 'Mary',
          last_name: 'Somerville',
          email: 'office@inlet.example',
          phone: '02 5550 0001',
        },
      },
      [],
    ],
    [
      'a switchboard: equal names behind it are likely, never sure; words in common are nothing',
      {
        1: { ...ada, phone: '02 5550 0001' },
        2: { first_name: 'Mary', last_name: 'Somerville', phone: '02 5550 0001' },
        3: { first_name: 'Emmy', last_name: 'Noether', phone: '02 5550 0001' },
        4: { first_name: 'A', last_name: 'Lovelace', phone: '02 5550 0001' },
        5: { ...ada, phone: '02 5550 0001' },
      },
      ['likely 1+5: 1-5 name phone'],
    ],
    [
      'the same name alone, or with the street',
      { 1: { ...ada, email: 'a@x.example' }, 2: { ...ada, email: 'b@x.example', street_address: 'Quay St' } },
      [],
    ],
    [
      'an address alone',
      { 1: { ...ada, ...street }, 2: { first_name: 'Byron', last_name: 'Lovelace', ...street } },
      [],
    ],
    [
      'words for nothing, and numbers that cannot be read',
      { 1: { ...ada, email: 'n/a', phone: 'ask' }, 2: { ...ada, email: 'n/a', phone: 'ask' } },
      [],
    ],
  ])('%s', (_what, customers, expected) => {
    expect(groupsOf(customers)).toEqual(expected);
  });

  test('the surest come first, then the lowest id', () => {
    expect(
      groupsOf({
        1: { ...ada, ...street },
        2: { ...ada, ...street },
        9: { first_name: 'Emmy', last_name: 'Noether', email: 'e@x.example' },
        10: { first_name: 'Emmy', last_name: 'Noether', email: 'e@x.example' },
      }).map((line) => line.split(':')[0]),
    ).toEqual(['sure 9+10', 'likely 1+2']);
  });

  test('hundreds of customers behind one number: only equal names are compared', () => {
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, n) => [
        String(n + 1),
        { first_name: 'Guest', last_name: `Number ${n % 150}`, phone: '02 5550 0001' },
      ]),
    );
    const groups = findDuplicates(signalsOf(many));
    expect(groups).toHaveLength(150);
    expect(groups.every(({ grade, customers }) => grade === 'likely' && customers.length === 2)).toBe(true);
  });

  test('no customer is in two groups, whatever they share, and the order of the rows does not matter', () => {
    const some = fc.constantFrom('', 'a', 'b', 'c');
    const customer = fc.record({
      first: fc.constantFrom('Ada', 'A', 'Byron', ''),
      mail: some,
      phone: some,
      company: some,
    });
    fc.assert(
      fc.property(fc.array(customer, { maxLength: 12 }), fc.nat(), (people, turn) => {
        const rows = Object.fromEntries(
          people.map(({ first, mail, phone, company }, n) => [
            String(n + 1),
            {
              first_name: first,
              email: mail && `${mail}@x.example`,
              phone: phone && `02 5550 000${phone.charCodeAt(0) - 96}`,
              business_name: company && `Company ${company}`,
            },
          ]),
        );
        const signals = signalsOf(rows);
        const at = turn % (signals.length + 1);
        const groups = findDuplicates(signals);
        expect(findDuplicates([...signals.slice(at), ...signals.slice(0, at)])).toEqual(groups);
        const ids = groups.flatMap(({ customers }) => customers);
        expect(new Set(ids).size).toBe(ids.length);
        expect(groups.every(({ mergeInto }) => mergeInto === null)).toBe(true);
      }),
    );
  });
});

describe('what a person has merged before', () => {
  const customers = {
    1: { ...ada, email: 'ada@inlet.example' },
    2: { ...ada, email: 'ada@inlet.example', phone: '02 5550 0001' },
    3: { ...ada, phone: '02 5550 0001' },
    4: { first_name: 'Emmy', last_name: 'Noether', email: 'e@x.example' },
    5: { first_name: 'Emmy', last_name: 'Noether', email: 'e@x.example' },
  };
  const [first, second] = findDuplicates(signalsOf(customers));

  test('stays, in its place: an edited proposal is proposed again as it is', () => {
    if (!first || !second) throw new Error('there should be two groups');
    const edited = [first, { ...second, mergeInto: '5' }];
    expect(findDuplicates(signalsOf(customers), edited)).toEqual(edited);
    expect(mergesOf({ duplicates: edited })).toEqual([{ from: '4', into: '5' }]);
  });

  test('a third that turns up is proposed for the one that stayed, also by what the merged one has', () => {
    const earlier: DuplicateCustomers = {
      customers: ['1', '2'],
      grade: 'sure',
      evidence: [],
      mergeInto: '1',
    };
    expect(groupsOf(customers, [earlier])).toEqual([
      'sure 1+2 into 1: ',
      'sure 1+3: 2-3 name phone',
      'sure 4+5: 4-5 name email',
    ]);
  });

  test('is nothing where one of them is no longer in the export', () => {
    const gone: DuplicateCustomers = { customers: ['1', '99'], grade: 'sure', evidence: [], mergeInto: '1' };
    expect(groupsOf(customers, [gone])[0]).toBe('sure 1+2+3: 1-2 name email, 2-3 name phone');
  });
});

test('of what OctopusPro has merged nobody is asked; what the merged one shares counts for the one it went into', () => {
  const customers = {
    1: { ...ada, email: 'ada@inlet.example' },
    2: { ...ada, email: 'ada@inlet.example', phone: '02 5550 0001' },
    3: { ...ada, phone: '02 5550 0001' },
  };
  expect(groupsOf(customers, [], new Map([['2', '1']]))).toEqual(['sure 1+3: 2-3 name phone']);
  const all = new Map([
    ['2', '1'],
    ['3', '1'],
  ]);
  expect(groupsOf(customers, [], all)).toEqual([]);
});

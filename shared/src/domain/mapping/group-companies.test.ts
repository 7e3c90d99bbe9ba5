import { describe, expect, test } from 'vitest';
import { row } from '../objects/fixtures.js';
import { companySignals, compareIds, groupCompanies } from './group-companies.js';

function groupsOf(...customers: Array<[id: string, fields: Record<string, string>]>): Record<string, string> {
  const signals = customers.flatMap(
    ([id, fields]) => companySignals(row('customer', id, fields), 'AU') ?? [],
  );
  return Object.fromEntries(groupCompanies(signals));
}

describe('which customers are one organization', () => {
  test('the same name with a shared domain, phone or address, also through a third', () => {
    expect(
      groupsOf(
        ['1050', { business_name: 'Beacon Point Strata', email: 'gareth@beacon.example' }],
        [
          '999',
          {
            business_name: 'BEACON POINT STRATA PTY LTD',
            email: 'yolanda@beacon.example',
            phone: '02 5550 0150',
          },
        ],
        ['1052', { business_name: 'Beacon Point Strata', phone: '(02) 5550 0150' }],
      ),
    ).toEqual({ 1050: '999', 999: '999', 1052: '999' });
  });

  test('the name alone proves nothing; nor does a free mail provider; nor a shared phone under another name', () => {
    expect(
      groupsOf(
        ['1', { business_name: 'City Cleaning', email: 'a@gmail.com' }],
        ['2', { business_name: 'City Cleaning', email: 'b@gmail.com', phone: '02 5550 0001' }],
        ['3', { business_name: 'Harbour Gardens', phone: '02 5550 0001' }],
        ['4', { first_name: 'Private', phone: '02 5550 0001' }],
      ),
    ).toEqual({ 1: '1', 2: '2', 3: '3' });
  });

  test('the group’s key is its lowest id, whatever the order of the rows', () => {
    const rows: Array<[string, Record<string, string>]> = ['12', '9', '110'].map((id) => [
      id,
      { business_name: 'X Co', phone: '02 5550 0001' },
    ]);
    expect(groupsOf(...rows)).toEqual(groupsOf(...rows.toReversed()));
    expect(groupsOf(...rows)).toEqual({ 12: '9', 9: '9', 110: '9' });
    expect(['b', '10', 'a', '9', '09'].sort(compareIds)).toEqual(['09', '9', '10', 'a', 'b']);
  });
});

import type { Payload } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { emails, marked } from './matching-fixture.js';

type Row = readonly [Entity, string, Payload];

/** How much a customer has in the account before us, and how much of ours is in it already. */
export interface PrefilledSize {
  persons: number;
  organizations: number;
  deals: number;
}

export const prefilledSizes: Record<'small' | 'full', PrefilledSize> = {
  small: { persons: 60, organizations: 24, deals: 40 },
  full: { persons: 5_000, organizations: 2_000, deals: 3_000 },
};

const overlapsEvery = 10;
/** Three of ten stand on both sides. */
const overlaps = (n: number) => n % overlapsEvery < 3;
const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const since = { add_time: '2020-01-02T03:04:05Z' };
const personName = (n: number) => `Given${n} Family${n}`;
const mobile = (n: number) => `+614915${String(70_000 + n).padStart(5, '0')}`;

/** The customer's own records, as the simulator takes them. Of those that are ours too, some have what ours lack and the other way round. */
export function theirRecords({ persons, organizations, deals }: PrefilledSize) {
  return {
    organizations: range(organizations).map((n) => ({
      ...since,
      name: overlaps(n) ? `Company ${n} Pty Ltd` : `Elsewhere ${n}`,
      ...(n % 2 === 0 ? { address: { value: `${n} Quay St, Sydney` } } : {}),
    })),
    persons: range(persons).map((n) => ({
      ...since,
      name: overlaps(n) ? personName(n) : `Stranger${n} Elsewhere${n}`,
      emails: emails(overlaps(n) ? `P${n}@mail.example` : `stranger${n}@mail.example`),
      phones: n % 2 === 0 ? [{ value: `02 5550 ${1_000 + (n % 9_000)}`, primary: true, label: 'work' }] : [],
    })),
    deals: range(deals).map((n) => ({ ...since, title: `Their deal ${n}`, value: n, currency: 'AUD' })),
  };
}

/** As many records of ours. */
export function ourRecords({ persons, organizations, deals }: PrefilledSize): Row[] {
  return [
    ...range(organizations).map((n): Row => {
      const key = `customer:${n}#org`;
      return [
        'organization',
        key,
        { name: `Company ${n}`, address: { value: `${n} Pier Rd, Perth` }, ...marked(key) },
      ];
    }),
    ...range(persons).map((n): Row => {
      const key = `customer:${n}`;
      return [
        'person',
        key,
        {
          name: personName(n),
          emails: emails(`p${n}@mail.example`),
          phones: [{ value: mobile(n), primary: true, label: 'mobile' }],
          ...(n < organizations ? { org_id: { $ref: `customer:${n}#org` } } : {}),
          ...marked(key),
        },
      ];
    }),
    ...range(deals).map((n): Row => {
      const key = `booking:${n}`;
      return [
        'deal',
        key,
        {
          title: `Our deal ${n}`,
          value: `${n}.50`,
          currency: 'AUD',
          person_id: { $ref: `customer:${n % persons}` },
          stage_id: { $stage: { pipeline: 'OctopusPro', stage: 'Done' } },
          ...marked(key),
        },
      ];
    }),
  ];
}

export const overlapping = (count: number): number => range(count).filter(overlaps).length;

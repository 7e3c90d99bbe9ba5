import type { ExistingRecords, MappingContent } from '@octopipe/shared/domain/mapping/content';
import { markerFieldName, type Payload } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import type { LoaderRig } from './loader-rig.js';
import { control, simState } from './loader-run.js';
import { testContent } from './mapped-fixture.js';

type Row = readonly [Entity, string, Payload];

const match: ExistingRecords = { existing: 'match', policy: 'fill_empty', fields: {} };

/** Everything is matched; of persons the name is taken from us, the rest where theirs is empty. */
export const matchingContent: MappingContent = {
  ...testContent,
  settings: {
    ...testContent.settings,
    matching: { organization: match, person: { ...match, fields: { name: 'take_ours' } }, product: match },
  },
};

const joined = { add_time: '2021-02-03T04:05:06Z' };

export const marked = (key: string, custom: Payload = {}) => ({
  custom_fields: { [markerFieldName]: key, ...custom },
});
export const emails = (...values: string[]) =>
  values.map((value, index) => ({ value, primary: index === 0, label: 'work' }));
const phone = (value: string) => [{ value, primary: true, label: 'mobile' }];

/** Of each kind one that stands there, one that is new, and persons about whom a question has to be asked. */
export const matchingPayloads: ReadonlyArray<Row> = [
  [
    'organization',
    'customer:1#org',
    {
      name: 'Tidewater Dental Pty Ltd',
      address: { value: '1 Quay St, Sydney' },
      ...joined,
      ...marked('customer:1#org'),
    },
  ],
  ['organization', 'customer:2#org', { name: 'New Leaf', ...joined, ...marked('customer:2#org') }],
  [
    'person',
    'customer:1',
    {
      name: 'Ann Lee',
      emails: emails('ann@mail.example', 'ann.lee@home.example'),
      phones: phone('+61491570006'),
      org_id: { $ref: 'customer:1#org' },
      ...joined,
      ...marked('customer:1', { Pets: { $options: ['Cat'] } }),
    },
  ],
  [
    'person',
    'customer:2',
    { name: 'Bo Chen', emails: emails('bo@mail.example'), ...joined, ...marked('customer:2') },
  ],
  [
    'person',
    'customer:3',
    {
      name: 'Cy Dow',
      emails: emails('cy@mail.example'),
      org_id: { $ref: 'customer:2#org' },
      ...joined,
      ...marked('customer:3'),
    },
  ],
  [
    'person',
    'customer:4',
    { name: 'Di Eto', emails: emails('office@mail.example'), ...joined, ...marked('customer:4') },
  ],
  [
    'product',
    'service:1',
    { name: 'Window clean', code: 'WIN', description: 'Inside and outside', ...marked('service:1') },
  ],
  ['product', 'service:2', { name: 'Lawn', code: 'LAWN', ...marked('service:2') }],
  ...['1', '2', '3', '4'].map(
    (n) =>
      [
        'deal',
        `booking:${n}`,
        {
          title: `Clean ${n}`,
          person_id: { $ref: `customer:${n}` },
          stage_id: { $stage: { pipeline: 'OctopusPro', stage: 'Done' } },
          ...marked(`booking:${n}`),
        },
      ] satisfies Row,
  ),
];

/** What the customer has in the account before us; answers what it says. */
export async function seedTheirs(rig: LoaderRig): Promise<TheirAccount> {
  const since = { add_time: '2020-01-02T03:04:05Z' };
  await control(rig, 'seed', {
    organizations: [
      { ...since, name: 'Tidewater Dental' },
      { ...since, name: 'Somebody Else' },
    ],
    persons: [
      { ...since, name: 'Anna Lee', emails: emails('ann@mail.example'), phones: [] },
      { ...since, name: 'Bo Chen', emails: emails('bo@mail.example') },
      { ...since, name: 'B Chen', emails: emails('bo@mail.example') },
      { ...since, name: 'Accounts Payable', emails: emails('office@mail.example') },
      { ...since, name: 'Not Ours', emails: emails('not.ours@mail.example') },
    ],
    products: [
      { ...since, name: 'Window cleaning', code: 'WIN' },
      { ...since, name: 'Window film', code: 'FILM' },
    ],
    deals: [{ ...since, title: 'Their own deal', value: 10 }],
  });
  return theirAccount(rig);
}

export type TheirAccount = Record<string, Array<Record<string, unknown>>>;

/** Organizations, persons, products and deals without what moves by itself. */
export async function theirAccount(rig: LoaderRig): Promise<TheirAccount> {
  const state = await simState(rig);
  const shown = ['organizations', 'persons', 'products', 'deals'];
  return Object.fromEntries(
    shown.map((list) => [list, (state[list] ?? []).map(({ update_time, ...record }) => record)]),
  );
}

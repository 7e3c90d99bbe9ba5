import { defineObject, merged } from '../mapping/define-object.js';

const inventory = 'Kept in the inventory of workers, not in Pipedrive.';
const manual = 'On the manual-review list: pay and tracking do not migrate.';

/** Columns that workers and office users share. */
export const workerStructure = {
  display_name: 'the name in records',
  first_name: 'the name in records',
  last_name: 'the name in records',
  email: 'finds the Pipedrive user',
  status: 'says who still works here',
};
export const workerNotMigrated = {
  mobile: inventory,
  phone: inventory,
  emergency_phone: inventory,
  fax: inventory,
  time_zone: inventory,
  unit: inventory,
  street_number: inventory,
  street_address: inventory,
  suburb: inventory,
  state: inventory,
  postcode: inventory,
  country: inventory,
  address: inventory,
  role: inventory,
  employment_type: inventory,
  parent_fieldworker_id: inventory,
  labels: inventory,
  services: inventory,
  service_areas: inventory,
  travel_radius: inventory,
  location_tracking: manual,
  pay_structure: manual,
  hourly: manual,
  overtime: manual,
  first_hour_rate: manual,
  commission: manual,
  created: inventory,
  modified: inventory,
  is_deleted: 'A deleted worker keeps the past records under the owner rule.',
  deleted_at: inventory,
};

/** A worker is no record: Pipedrive users are matched by e-mail, never made. It lives on as owner and in `Fieldworkers`. */
export const fieldworker = defineObject({
  name: 'fieldworker',
  structure: { fieldworker_id: 'named in owners', ...workerStructure },
  notMigrated: workerNotMigrated,
  lossy: [
    'Workers become Pipedrive users only where a user with the same e-mail exists; all others are on a list.',
  ],
  map: () => merged([]),
});

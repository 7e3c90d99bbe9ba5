import { defineObject, merged } from '../mapping/define-object.js';
import { workerNotMigrated, workerStructure } from './fieldworker.js';

/** An office user is no record: matched to a Pipedrive user by e-mail, an owner of records like a field worker. */
export const user = defineObject({
  name: 'user',
  structure: { user_id: 'named in owners', ...workerStructure },
  notMigrated: workerNotMigrated,
  map: () => merged([]),
});

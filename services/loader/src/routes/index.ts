import { getConnection } from './get-connection.js';
import { getCrosswalk } from './get-crosswalk.js';
import { getOwners } from './get-owners.js';
import { getRun } from './get-run.js';
import { postConnection } from './post-connection.js';
import { postRun } from './post-run.js';
import { runActions } from './post-run-action.js';

export const routes = [
  postConnection,
  getConnection,
  postRun,
  getRun,
  ...runActions,
  getOwners,
  getCrosswalk,
];

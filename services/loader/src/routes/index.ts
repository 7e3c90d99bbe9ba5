import { getConnection } from './get-connection.js';
import { getCrosswalk } from './get-crosswalk.js';
import { getOwners } from './get-owners.js';
import { getQuestions } from './get-questions.js';
import { getRun } from './get-run.js';
import { getRunEvents } from './get-run-events.js';
import { getRuns } from './get-runs.js';
import { postConnection } from './post-connection.js';
import { postQuestions } from './post-questions.js';
import { postRetryFailed } from './post-retry-failed.js';
import { postRun } from './post-run.js';
import { runActions } from './post-run-action.js';
import { postRollback, postVerify } from './post-run-of-run.js';

export const routes = [
  postConnection,
  getConnection,
  postRun,
  getRuns,
  getRun,
  getRunEvents,
  ...runActions,
  postRetryFailed,
  getQuestions,
  postQuestions,
  postRollback,
  postVerify,
  getOwners,
  getCrosswalk,
];

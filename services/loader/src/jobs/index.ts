import { advanceRunJob } from './advance-run.js';
import { loadBatchJob } from './load-batch.js';
import { matchExistingJob } from './match-existing.js';
import { planRollbackJob } from './plan-rollback.js';
import { provisionRunJob } from './provision-run.js';
import { purgeLoaderJob } from './purge-loader.js';
import { removeSchemaJob } from './remove-schema.js';
import { settleUnknownJob } from './settle-unknown.js';
import { undoBatchJob } from './undo-batch.js';
import { verifyEntityJob } from './verify-entity.js';

/** The loader's jobs; starting fails when this is not exactly what the catalogue says. */
export const handlers = [
  advanceRunJob,
  provisionRunJob,
  matchExistingJob,
  loadBatchJob,
  settleUnknownJob,
  verifyEntityJob,
  planRollbackJob,
  undoBatchJob,
  removeSchemaJob,
  purgeLoaderJob,
];

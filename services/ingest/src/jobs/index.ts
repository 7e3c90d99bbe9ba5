import type { JobHandler } from '@octopipe/shared/queue/worker';
import type { IngestContext } from '../context.js';
import { assessExport } from './assess-export.js';
import { deliverWebhook } from './deliver-webhook.js';
import { purgeIngest } from './purge-ingest.js';
import { stageExport } from './stage-export.js';
import { stageFile } from './stage-file.js';

export const handlers: ReadonlyArray<JobHandler<IngestContext>> = [
  stageExport,
  stageFile,
  assessExport,
  deliverWebhook,
  purgeIngest,
];

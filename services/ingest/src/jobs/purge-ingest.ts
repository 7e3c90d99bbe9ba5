import { runStep } from '@octopipe/shared/purge/run-step';
import { defineJob } from '@octopipe/shared/queue/worker';
import type { IngestContext } from '../context.js';
import { dropStagedTables, endPurge, removeFiles, removeHints } from '../purge/end-purge.js';

/** The last step of a purge. At least once: see shared/src/purge/run-step.ts. */
export const purgeIngest = defineJob<IngestContext, 'purge-ingest'>({
  job: 'purge-ingest',
  async handle(ctx, job, signal, log) {
    await runStep(ctx, 'ingest', job, signal, {
      before: () => dropStagedTables(ctx, job, signal),
      // Files after rows: while a row is left somebody could want its file; after them there is nothing but the folder.
      after: async () => {
        await removeFiles(ctx, job);
        await removeHints(ctx, job);
        await endPurge(ctx, job);
        log.info('tenant purged');
      },
    });
  },
});

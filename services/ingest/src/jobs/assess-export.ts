import { defineJob } from '@octopipe/shared/queue/worker';
import { assess } from '../assess/assess.js';
import type { IngestContext } from '../context.js';

/** At least once, in one transaction that begins with taking its former results away. */
export const assessExport = defineJob<IngestContext, 'assess-export'>({
  job: 'assess-export',
  async handle(ctx, { tenantId, exportId }, _signal, log) {
    await assess(ctx, tenantId, exportId, log);
  },
});

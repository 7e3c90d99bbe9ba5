import { appendFileSync } from 'node:fs';
import { createLogger } from '../core/logger.js';
import { createMetrics } from '../core/metrics.js';
import { openQueueConnection } from '../queue/connection.js';
import { startWorker } from '../queue/worker.js';

/**
 * A worker that a test may kill. Arguments: database url, redis url or '', journal file, whether it finishes its jobs.
 * It writes one line per job begun and, when it may finish, one per job ended.
 */
const [databaseUrl = '', redisUrl = '', journal = '', finishes = 'no'] = process.argv.slice(2);

const connection = openQueueConnection({
  databaseUrl,
  redisUrl: redisUrl || undefined,
  applicationName: `worker-process-${process.pid}`,
  // A dead worker's lock holds this long; the test waits for it several times.
  lockMs: 1_000,
  onError: () => {},
});
startWorker({
  service: 'reporter',
  ctx: undefined,
  connection,
  concurrency: 1,
  metrics: createMetrics('reporter'),
  logger: createLogger('reporter', 'error'),
  handlers: [
    {
      job: 'reconcile-run',
      async handle() {
        appendFileSync(journal, 'begun\n');
        if (finishes === 'no') await new Promise(() => {});
        appendFileSync(journal, 'ended\n');
      },
    },
    { job: 'purge-reporter', async handle() {} },
  ],
});

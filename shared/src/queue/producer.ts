import type { Queue } from 'bullmq';
import { catalog, type JobName, type JobPayload, jobIdOf, type QueueName } from './catalog.js';
import type { QueueConnection } from './connection.js';

/** Sends hints. Call it after commit: a job may run before `send` returns. */
export interface Producer {
  /**
   * Adds the job unless the same one (by its deterministic id) is already waiting. `delayMs` for "look again later".
   * A hint that cannot be sent within two seconds is lost, and that is all: the caller's work is committed, and the
   * sweep finds it in Postgres. So a request does not fail, and no job waits, because the queue is away.
   */
  send<N extends JobName>(
    name: N,
    payload: Omit<JobPayload<N>, 'version'>,
    options?: { delayMs?: number },
  ): Promise<void>;
  close(): Promise<void>;
}

const sendWithinMs = 2_000;

export function createProducer(
  connection: QueueConnection,
  onLost: (job: JobName, error: unknown) => void,
): Producer {
  // Made on first use and again after a failure: a queue of BullMQ's Postgres backend whose first look at its schema
  // failed (the database was away, or not migrated yet) repeats that failure for ever.
  const queues = new Map<QueueName, Queue>();
  return {
    async send(name, payload, options = {}) {
      const { queue: queueName, payload: shape } = catalog[name];
      const data = shape.parse({ ...payload, version: 1 });
      if (!connection.isUp()) return onLost(name, new Error('the queue is away'));
      const queue = queues.get(queueName) ?? connection.createQueue(queueName);
      queues.set(queueName, queue);
      const added = queue.add(name, data, {
        jobId: jobIdOf(name, data as never),
        attempts: 1,
        removeOnComplete: true,
        removeOnFail: true,
        ...(options.delayMs ? { delay: options.delayMs } : {}),
      });
      await inTime(added).catch((error: unknown) => {
        onLost(name, error);
        if (queues.get(queueName) === queue) queues.delete(queueName);
        queue.close().catch(() => {});
      });
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/** What is late may still arrive: then the job is there once more, and does nothing. */
async function inTime(added: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the queue did not answer in time')), sendWithinMs);
  });
  try {
    await Promise.race([added, late]);
  } finally {
    clearTimeout(timer);
  }
}

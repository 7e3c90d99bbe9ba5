import type { Queue } from 'bullmq';
import {
  catalog,
  type JobName,
  type JobPayload,
  jobIdOf,
  type ServiceName,
  serviceNames,
} from './catalog.js';
import type { QueueConnection } from './connection.js';

/** Sends hints. Call it after commit: a job may run before `send` returns. */
export interface Producer {
  /** Adds the job unless the same one (by its deterministic id) is already waiting. `delayMs` for "look again later". */
  send<N extends JobName>(
    name: N,
    payload: Omit<JobPayload<N>, 'version'>,
    options?: { delayMs?: number },
  ): Promise<void>;
  close(): Promise<void>;
}

export function createProducer(connection: QueueConnection): Producer {
  const queues = new Map<ServiceName, Queue>(
    serviceNames.map((service) => [service, connection.createQueue(service)]),
  );
  return {
    async send(name, payload, options = {}) {
      const { service, payload: shape } = catalog[name];
      const data = shape.parse({ ...payload, version: 1 });
      const queue = queues.get(service);
      if (!queue) throw new Error(`no queue for service ${service}`);
      await queue.add(name, data, {
        jobId: jobIdOf(name, data as never),
        attempts: 1,
        removeOnComplete: true,
        removeOnFail: true,
        ...(options.delayMs ? { delay: options.delayMs } : {}),
      });
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

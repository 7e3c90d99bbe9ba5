import { z } from 'zod';

/** What every job carries: ids only, never a record. `version` is of the payload's shape. */
const base = { version: z.literal(1), tenantId: z.uuid() };

const purge = z.object({ ...base, purgeId: z.uuid() });

export const serviceNames = ['ingest', 'transform', 'loader', 'reporter'] as const;
export type ServiceName = (typeof serviceNames)[number];

/**
 * Queues beside those of the services, with how many of their jobs a process works on at a time: they wait for somebody
 * else's answer, as long as that takes, and must not hold a place that the service's other work needs.
 */
export const asideQueues = { webhooks: 16 } as const;
export type QueueName = ServiceName | keyof typeof asideQueues;
export const queueNames = [...serviceNames, ...(Object.keys(asideQueues) as Array<keyof typeof asideQueues>)];

interface CatalogEntry<P extends z.ZodObject = z.ZodObject> {
  /** The service whose jobs/<name>.ts handles it. */
  service: ServiceName;
  /** That of the service, but for a few: see docs/decisions/0002. */
  queue: QueueName;
  payload: P;
  /** Deterministic job id: the same work waiting twice is one job. No colon, not only digits (BullMQ's rule). */
  id: (payload: never) => string;
}

function entry<P extends z.ZodObject>(
  service: ServiceName,
  payload: P,
  id: (payload: z.infer<P>) => string,
  queue: QueueName = service,
): CatalogEntry<P> & { id: (payload: z.infer<P>) => string } {
  return { service, queue, payload, id };
}

/**
 * Every message between and inside services. A job is a hint: it says "look at this row", the row says what is to be
 * done. Losing all of them costs time only; each service's sweep makes them again from Postgres.
 */
export const catalog = {
  /** Unpack the package, list its files, decide each one's object. */
  'stage-export': entry(
    'ingest',
    z.object({ ...base, exportId: z.uuid() }),
    (p) => `stage-export-${p.exportId}`,
  ),
  /** Stream one object's files into its partition of staged_row. */
  'stage-file': entry(
    'ingest',
    z.object({ ...base, exportId: z.uuid(), fileId: z.uuid() }),
    (p) => `stage-file-${p.fileId}`,
  ),
  /** Profile the columns, find orphans, duplicates, mismatches; ends with the export `assessed`. */
  'assess-export': entry(
    'ingest',
    z.object({ ...base, exportId: z.uuid() }),
    (p) => `assess-export-${p.exportId}`,
  ),
  /** Send what is due to one webhook. */
  'deliver-webhook': entry(
    'ingest',
    z.object({ ...base, webhookId: z.uuid() }),
    (p) => `deliver-webhook-${p.webhookId}`,
    'webhooks',
  ),
  /** Map all objects of an export under a confirmed mapping version into a mapped_set with its load batches. */
  'map-export': entry(
    'transform',
    z.object({ ...base, exportId: z.uuid(), mappingVersionId: z.uuid() }),
    (p) => `map-export-${p.exportId}-${p.mappingVersionId}`,
  ),
  /** The only job that moves a run: looks at the facts under a lock on the run row and decides what is next. */
  'advance-run': entry(
    'loader',
    // `cause` keeps a hint from being swallowed by one that is already running: same cause, same job.
    z.object({ ...base, runId: z.uuid(), cause: z.string().max(80) }),
    (p) => `advance-run-${p.runId}-${p.cause}`,
  ),
  /** Make the schema the mapping needs: fields, options, pipeline, stages, activity types; and match the owners. */
  'provision-run': entry('loader', z.object({ ...base, runId: z.uuid() }), (p) => `provision-run-${p.runId}`),
  /** Look for our records among those that stand in the account, where the mapping asks for it. */
  'match-existing': entry(
    'loader',
    z.object({ ...base, runId: z.uuid() }),
    (p) => `match-existing-${p.runId}`,
  ),
  /** Write one batch of at most 100 records of one entity. */
  'load-batch': entry(
    'loader',
    // `turn` is the batch's fence when it was hinted: the job of a worker that died with it cannot swallow the next hint.
    z.object({ ...base, runId: z.uuid(), batchId: z.uuid(), turn: z.int().nonnegative() }),
    (p) => `load-batch-${p.runId}-${p.batchId}-${p.turn}`,
  ),
  /** Settle the unknown outcomes of one entity of one connection by one walk over the account's lists. */
  'settle-unknown': entry(
    'loader',
    z.object({ ...base, runId: z.uuid(), entity: z.string() }),
    (p) => `settle-unknown-${p.runId}-${p.entity}`,
  ),
  /** Read everything of one entity back and compare field by field. */
  'verify-entity': entry(
    'loader',
    z.object({ ...base, runId: z.uuid(), entity: z.string() }),
    (p) => `verify-entity-${p.runId}-${p.entity}`,
  ),
  /** Read the whole account back and decide, record by record, what a rollback does. */
  'plan-rollback': entry('loader', z.object({ ...base, runId: z.uuid() }), (p) => `plan-rollback-${p.runId}`),
  /** Delete or restore one batch of at most 100 records of one entity. */
  'undo-batch': entry(
    'loader',
    z.object({ ...base, runId: z.uuid(), batchId: z.uuid(), turn: z.int().nonnegative() }),
    (p) => `undo-batch-${p.runId}-${p.batchId}-${p.turn}`,
  ),
  /** Remove fields, options, stages, pipelines and activity types of ours that nothing uses any more. */
  'remove-schema': entry('loader', z.object({ ...base, runId: z.uuid() }), (p) => `remove-schema-${p.runId}`),
  /** Write the reports of a run that has ended. */
  'reconcile-run': entry(
    'reporter',
    z.object({ ...base, runId: z.uuid() }),
    (p) => `reconcile-run-${p.runId}`,
  ),
  /** Remove everything of a tenant that is being purged from the tables of one service, in this order: see shared/purge. */
  'purge-reporter': entry('reporter', purge, (p) => `purge-reporter-${p.purgeId}`),
  'purge-loader': entry('loader', purge, (p) => `purge-loader-${p.purgeId}`),
  'purge-transform': entry('transform', purge, (p) => `purge-transform-${p.purgeId}`),
  /** ... and its files, its queued jobs, and the tenant itself. */
  'purge-ingest': entry('ingest', purge, (p) => `purge-ingest-${p.purgeId}`),
} as const;

export type JobName = keyof typeof catalog;
export type JobPayload<N extends JobName> = z.infer<(typeof catalog)[N]['payload']>;

/** The names a service must handle; a service refuses to start when its handlers are not exactly these. */
export function jobNamesOf(service: ServiceName): JobName[] {
  return (Object.keys(catalog) as JobName[]).filter((name) => catalog[name].service === service);
}

/** The queues a service works on, its own first. */
export function queuesOf(service: ServiceName): QueueName[] {
  return [...new Set([service, ...jobNamesOf(service).map((name) => catalog[name].queue)])];
}

/** The deterministic id of a job. The payload was typed by the producer's signature. */
export function jobIdOf<N extends JobName>(name: N, payload: JobPayload<N>): string {
  return catalog[name].id(payload as never);
}

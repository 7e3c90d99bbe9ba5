import type { JobName, JobPayload } from '@octopipe/shared/queue/catalog';

/** A job to be sent when the transaction that found it necessary has committed. */
export type Hint = { [N in JobName]: { name: N; payload: Omit<JobPayload<N>, 'version'> } }[JobName];

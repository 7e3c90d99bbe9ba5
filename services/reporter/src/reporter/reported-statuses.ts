import type { RunStatus } from '@octopipe/shared/domain/run/states';

/**
 * Runs that get documents. A cancelled one does not: its last calls may still be settling, and documents are printed
 * once. A rolled back one keeps those of the time when it was done; a dry run has nothing but its plan.
 */
export const reportedStatuses = ['done', 'failed'] as const satisfies ReadonlyArray<RunStatus>;

export function isReported({ status, kind }: { status: RunStatus; kind: string }): boolean {
  return kind !== 'dry_run' && (reportedStatuses as ReadonlyArray<RunStatus>).includes(status);
}

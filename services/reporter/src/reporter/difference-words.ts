import type { Difference } from '@octopipe/shared/run/read-run';

/** What a difference is, for a reader. */
export const differenceWords: Record<Difference['kind'], string> = {
  missing: 'we wrote it, Pipedrive has nothing there',
  extra: 'Pipedrive has something there that we did not write',
  changed: 'Pipedrive has another value than we wrote',
  changed_by_us: 'Pipedrive has had another value than we sent since we wrote it',
  changed_by_person: 'somebody changed it after we wrote it',
  truncated: 'Pipedrive has only the beginning of what we sent',
};

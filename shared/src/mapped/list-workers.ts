import type { Tx } from '../db/index.js';
import { parseEmails } from '../domain/convert/email.js';
import { fullName } from '../domain/convert/name.js';
import { pageRows, type SourceRow } from '../staging/read-staged.js';

/** Who may own records: a field worker or office user of the source, to be bound to a Pipedrive user by e-mail. */
export interface Worker {
  /** As in `$owner` of a payload: `fieldworker:3`, `user:2`. */
  sourceKey: string;
  /** Lower case, or null when there is none or it is not valid. */
  email: string | null;
  name: string;
  /** False for blocked, inactive and deleted workers: they keep their past records under the owner rule. */
  active: boolean;
}

/** All workers of an export that have no verdict, field workers first, in the order of their rows. */
export async function listWorkers(tx: Tx, tenantId: string, exportId: string): Promise<Worker[]> {
  const workers: Worker[] = [];
  for (const object of ['fieldworker', 'user']) {
    for (let afterRow = 0; ; ) {
      const page = await pageRows(tx, tenantId, exportId, object, { afterRow, limit: 500 });
      workers.push(...page.map(workerOf));
      const last = page.at(-1);
      if (!last || page.length < 500) break;
      afterRow = last.rowNumber;
    }
  }
  return workers;
}

function workerOf(row: SourceRow): Worker {
  const status = (row.fields.status ?? 'active').toLowerCase();
  return {
    sourceKey: `${row.object}:${row.sourceId}`,
    email: parseEmails(row.fields.email).valid[0] ?? null,
    name: workerName(row),
    active: !['blocked', 'inactive', 'deleted'].includes(status),
  };
}

function workerName(row: SourceRow): string {
  return (
    row.fields.display_name ??
    fullName(row.fields.first_name, row.fields.last_name) ??
    `${row.object} ${row.sourceId}`
  );
}

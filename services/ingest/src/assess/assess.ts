import type { Logger } from '@octopipe/shared/core/logger';
import { inTransaction } from '@octopipe/shared/db/index';
import { appendEvent } from '@octopipe/shared/events/append-event';
import { replaceFindings } from '@octopipe/shared/findings/write-findings';
import { getMigration } from '@octopipe/shared/staging/read-staged';
import { sql } from 'kysely';
import type { IngestContext } from '../context.js';
import { findUnknownStatuses } from './booking-statuses.js';
import { checkCells } from './cell-checks.js';
import { createFindingsList } from './findings-list.js';
import { findInvoiceMismatches } from './invoice-totals.js';
import { rejectOrphans } from './orphans.js';
import { checkAttachments, checkPackage } from './package-checks.js';
import { writeProfiles } from './profiles.js';
import { judgeRows } from './row-verdicts.js';
import { findSharedNumbers } from './shared-numbers.js';
import { objectsOf, openStagedExport } from './staged-export.js';

/**
 * Looks at everything that was staged and says what is wrong with it: verdicts take rows out of the mapping,
 * findings tell people, profiles tell the mapper what the columns hold. One transaction that takes its former
 * results away first, so a second run gives the same.
 * The order matters: each verdict is given to rows that have none yet, so a row has one reason, the first that holds;
 * orphans come last because a row whose parent was set aside is an orphan.
 */
export async function assess(
  ctx: IngestContext,
  tenantId: string,
  exportId: string,
  log: Logger,
): Promise<void> {
  await inTransaction(ctx.db, { role: 'ingest', tenantId }, async (tx) => {
    const found = await tx
      .selectFrom('ingest.export')
      .select(['id', 'migrationId', 'state', 'manifest'])
      .where('tenantId', '=', tenantId)
      .where('id', '=', exportId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    log.setBindings({ migrationId: found.migrationId });
    if (found.state !== 'staged') return;
    const { settings } = await getMigration(tx, tenantId, found.migrationId);
    const staged = await openStagedExport(tx, tenantId, found, settings);
    await sql`delete from ingest.row_verdict where tenant_id = ${tenantId} and export_id = ${exportId}`.execute(
      tx,
    );
    const findings = createFindingsList(staged);

    checkPackage(staged, findings);
    await judgeRows(staged, findings);
    await checkAttachments(staged, findings);
    await rejectOrphans(staged, findings);
    await findSharedNumbers(staged, findings);
    await checkCells(staged, findings);
    await findUnknownStatuses(staged, findings);
    await findInvoiceMismatches(staged, findings);
    await writeProfiles(staged);

    const all = findings.all();
    await replaceFindings(tx, tenantId, { migrationId: found.migrationId, exportId, origin: 'assess' }, all);
    await tx
      .updateTable('ingest.export')
      .set({ state: 'assessed', assessedAt: sql`now()` })
      .where('tenantId', '=', tenantId)
      .where('id', '=', exportId)
      .execute();
    await appendEvent(tx, tenantId, {
      migrationId: found.migrationId,
      kind: 'export.assessed',
      facts: { export_id: exportId, objects: objectsOf(staged).length, findings: all.length },
    });
    log.info({ findings: all.length }, 'export assessed');
  });
}

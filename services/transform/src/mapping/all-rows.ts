import type { Tx } from '@octopipe/shared/db/index';
import type { SourceRow } from '@octopipe/shared/domain/mapping/define-object';
import { pageRows } from '@octopipe/shared/staging/read-staged';

export const pageSize = 500;

/** Every row of an object that has no verdict, a page in memory at a time. */
export async function* allRows(
  tx: Tx,
  tenantId: string,
  exportId: string,
  object: string,
): AsyncGenerator<SourceRow> {
  for (let afterRow = 0; ; ) {
    const page = await pageRows(tx, tenantId, exportId, object, { afterRow, limit: pageSize });
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    afterRow = last.rowNumber;
  }
}

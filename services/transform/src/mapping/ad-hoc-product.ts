import type { Tx } from '@octopipe/shared/db/index';
import type { MappingContent } from '@octopipe/shared/domain/mapping/content';
import { layOut } from '@octopipe/shared/domain/mapping/map-record';
import { adHocProduct } from '@octopipe/shared/domain/objects/deal-lines';
import { sql } from 'kysely';
import type { SetScope } from './set-scope.js';

/** Adds the product of lines without one, once and only where a line stands on it. No source row becomes it. */
export async function writeAdHocProduct(
  tx: Tx,
  scope: SetScope & { content: MappingContent; exportedAt: string },
): Promise<void> {
  const { settings, schema } = scope.content;
  const draft = adHocProduct();
  const ctx = { settings, content: scope.content, exportedAt: scope.exportedAt, find: () => {} };
  const { targetKey, entity, payload, payloadHash } = layOut(draft, schema, ctx);
  await sql`
    insert into transform.mapped_record
      (tenant_id, set_id, target_key, entity, source_object, sort_key, payload, payload_hash)
    select ${scope.tenantId}, ${scope.setId}, ${targetKey}, ${entity}, 'product', ${draft.sortKey},
      ${JSON.stringify(payload)}::jsonb, ${payloadHash}
    where exists (
      select from transform.mapped_record
      where tenant_id = ${scope.tenantId} and set_id = ${scope.setId} and entity = 'line'
        and payload->'product_id'->>'$ref' = ${targetKey})`.execute(tx);
}

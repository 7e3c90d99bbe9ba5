import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import type { FieldType } from '@octopipe/shared/domain/mapping/content';
import type { MappedRecord, PayloadValue } from '@octopipe/shared/domain/mapping/record';
import { markerFieldName } from '@octopipe/shared/domain/mapping/record';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import { sharesType } from './kind-in-subject.js';
import { type AccountSymbols, fieldKey, stageKey, toId } from './resolve-payload.js';

interface ConnectionProbe {
  defaultUserId?: number;
  dealAddTime?: AccountSymbols['probe']['dealAddTime'];
  wonTime?: AccountSymbols['probe']['wonTime'];
}

/** Everything a set of records needs to become bodies of this account: one read per table. */
export async function loadSymbols(
  ctx: LoaderContext,
  scope: { tenantId: string; connectionId: string },
  payloads: ReadonlyArray<MappedRecord['payload']>,
): Promise<AccountSymbols> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: scope.tenantId }, async (tx) => {
    const connection = await tx
      .selectFrom('loader.connection')
      .select('probe')
      .where('id', '=', scope.connectionId)
      .executeTakeFirstOrThrow();
    const probe = connection.probe as ConnectionProbe;
    return {
      targetIds: await targetIds(tx, scope.connectionId, payloads),
      users: await matchedUsers(tx, scope.connectionId),
      defaultUserId: probe.defaultUserId ?? 0,
      ...(await schemaSymbols(tx, scope.connectionId)),
      probe: { dealAddTime: probe.dealAddTime ?? 'dropped', wonTime: probe.wonTime ?? 'rfc3339' },
    };
  });
}

/** The account's key of the marker field on this entity, once provisioned. */
export function markerCodeOf(
  symbols: Pick<AccountSymbols, 'fields'>,
  fieldsOf: string | null,
): string | undefined {
  return fieldsOf === null ? undefined : symbols.fields.get(fieldKey(fieldsOf, markerFieldName))?.code;
}

async function targetIds(
  tx: Tx,
  connectionId: string,
  payloads: ReadonlyArray<MappedRecord['payload']>,
): Promise<Map<string, string>> {
  const keys = new Set<string>();
  for (const payload of payloads) collectReferences(payload, keys);
  if (keys.size === 0) return new Map();
  const rows = await tx
    .selectFrom('loader.targetRecord')
    .select(['targetKey', 'targetId'])
    .where('connectionId', '=', connectionId)
    // One array, not a parameter each: a statement takes 65,535 of them, and a whole entity can refer to more.
    .where('targetKey', '=', sql<string>`any(${[...keys]}::text[])`)
    .execute();
  return new Map(rows.map((row) => [row.targetKey, row.targetId]));
}

/** All target keys a payload refers to, into `found`. */
export function collectReferences(value: PayloadValue, found: Set<string>): void {
  if (value === null || typeof value !== 'object') return;
  if ('$ref' in value && typeof value.$ref === 'string') found.add(value.$ref);
  for (const member of Object.values(value)) collectReferences(member as PayloadValue, found);
}

async function matchedUsers(tx: Tx, connectionId: string): Promise<Map<string, number>> {
  const rows = await tx
    .selectFrom('loader.owner')
    .select(['sourceKey', 'targetUserId'])
    .where('connectionId', '=', connectionId)
    .where('state', '=', 'matched')
    .execute();
  return new Map(
    rows.flatMap((row) =>
      row.targetUserId === null ? [] : [[row.sourceKey, Number(row.targetUserId)] as const],
    ),
  );
}

async function schemaSymbols(
  tx: Tx,
  connectionId: string,
): Promise<Pick<AccountSymbols, 'fields' | 'stages' | 'activityTypes' | 'sharedTypes' | 'labels'>> {
  const items = await tx
    .selectFrom('loader.destinationItem')
    .selectAll()
    .where('connectionId', '=', connectionId)
    .where('remoteKey', 'is not', null)
    .execute();
  const fields = new Map<string, { code: string; type: FieldType; options: Map<string, number> }>();
  const stages = new Map<string, number>();
  const activityTypes = new Map<string, string>();
  const sharedTypes = new Set<string>();
  const labels = new Map<string, number | string>();
  for (const item of items) {
    if (item.kind === 'field')
      fields.set(fieldKey(item.entity, item.name), {
        code: item.remoteKey ?? '',
        type: item.itemType as FieldType,
        options: new Map(),
      });
    if (item.kind === 'stage') stages.set(stageKey(item.parent, item.name), Number(item.remoteId));
    if (item.kind === 'activity_type') activityTypes.set(item.name, item.remoteKey ?? '');
    if (sharesType(item)) sharedTypes.add(item.name);
    if (item.kind === 'label') labels.set(fieldKey(item.entity, item.name), toId(item.remoteId ?? ''));
  }
  for (const item of items) {
    if (item.kind === 'option')
      fields.get(fieldKey(item.entity, item.parent))?.options.set(item.name, Number(item.remoteId));
  }
  return { fields, stages, activityTypes, sharedTypes, labels };
}

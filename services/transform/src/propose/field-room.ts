import type { Tx } from '@octopipe/shared/db/index';
import { type FieldRoom, smallestFieldRoom } from '@octopipe/shared/domain/mapping/propose';
import { isPlanName, plans } from '@octopipe/shared/pipedrive/plans';

/**
 * The custom fields that a proposal may take. Which account the run will go to is not said yet: of all that the tenant has
 * connected, the smallest plan counts. Of a plan larger than the smallest it is half: the other half is for the fields
 * that stand there, which are counted only when the account is provisioned, and for those that people add later.
 */
export async function fieldRoomOf(tx: Tx, tenantId: string): Promise<FieldRoom> {
  const connections = await tx
    .selectFrom('loader.connection')
    .select('plan')
    .where('tenantId', '=', tenantId)
    .execute();
  const known = connections.map(({ plan }) => plan).filter(isPlanName);
  const [smallest] = known.sort((a, b) => plans[a].customFields - plans[b].customFields);
  if (smallest === undefined) return smallestFieldRoom;
  const fields = Math.max(smallestFieldRoom.fields, Math.floor(plans[smallest].customFields / 2));
  return { plan: smallest, fields };
}

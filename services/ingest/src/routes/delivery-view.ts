import { z } from 'zod';

export const DeliveryPath = z.object({ id: z.uuid(), deliveryId: z.uuid() });

export const Delivery = z
  .object({
    id: z.uuid().meta({ description: 'Also the header webhook-id: the same at each attempt.' }),
    type: z.string(),
    body: z.unknown(),
    state: z.string().meta({ description: 'pending, delivered or failed', examples: ['delivered'] }),
    attempts: z.number(),
    next_at: z.iso.datetime().nullable(),
    last_status: z.number().nullable(),
    last_error: z.string().nullable(),
    created_at: z.iso.datetime(),
    delivered_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'WebhookDelivery' });

/** One message to one webhook, with what came of it. */
export function viewDelivery(row: {
  id: string;
  type: string;
  body: string;
  state: string;
  attempts: number;
  nextAt: Date;
  lastStatus: number | null;
  lastError: string | null;
  createdAt: Date;
  deliveredAt: Date | null;
}): z.infer<typeof Delivery> {
  return {
    id: row.id,
    type: row.type,
    body: JSON.parse(row.body) as unknown,
    state: row.state,
    attempts: row.attempts,
    next_at: row.state === 'pending' ? row.nextAt.toISOString() : null,
    last_status: row.lastStatus,
    last_error: row.lastError,
    created_at: row.createdAt.toISOString(),
    delivered_at: row.deliveredAt?.toISOString() ?? null,
  };
}

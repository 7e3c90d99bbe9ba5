import { z } from 'zod';

export const TenantQuery = z.object({ tenant: z.string().min(1).max(80).optional() }).strict();
export const RunPath = z.object({ runId: z.uuid() }).strict();
export const ConnectionPath = z.object({ connectionId: z.uuid() }).strict();

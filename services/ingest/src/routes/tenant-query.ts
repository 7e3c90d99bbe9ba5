import { z } from 'zod';

/** `?tenant=<slug>` for keys that are not bound to one (see tenancy/tenant.ts). */
export const TenantQuery = z.object({ tenant: z.string().optional() }).strict();

export const MigrationPath = z.object({ id: z.uuid() }).strict();
export const ExportPath = z.object({ id: z.uuid(), exportId: z.uuid() }).strict();

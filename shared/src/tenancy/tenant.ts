import { randomBytes } from 'node:crypto';
import { Problem, TenantGone } from '../core/errors.js';
import { type Database, inSystemTransaction, type Tx } from '../db/index.js';
import type { Caller } from './api-key.js';
import { type MasterKey, seal, tenantKeyContext } from './secrets.js';

export interface Tenant {
  id: string;
  slug: string;
  name: string;
}

/**
 * Finds the tenant by its slug or makes it, with a data key of its own (see secrets.ts). A slug is free again when the
 * purge of whoever had it has ended.
 */
export async function getOrCreateTenant(
  db: Database,
  master: MasterKey,
  wanted: { slug: string; name: string },
): Promise<Tenant> {
  const wrapped = seal(master.key, randomBytes(32), tenantKeyContext(wanted.slug));
  return inSystemTransaction(db, async (tx) => {
    await tx
      .insertInto('core.tenant')
      .values({ slug: wanted.slug, name: wanted.name, wrappedDataKey: wrapped, masterKeyId: master.id })
      .onConflict((conflict) => conflict.column('slug').doNothing())
      .execute();
    const { purgeId, ...tenant } = await tx
      .selectFrom('core.tenant')
      .select(['id', 'slug', 'name', 'purgeId'])
      .where('slug', '=', wanted.slug)
      .executeTakeFirstOrThrow();
    if (purgeId !== null)
      throw new Problem(
        409,
        'tenant_being_purged',
        'The tenant of this name is being purged; when that has ended, the name can be used again.',
      );
    return tenant;
  });
}

/** By slug, for callers of the installation who may see them all. */
export async function findTenant(tx: Tx, slug: string): Promise<Tenant> {
  const row = await tx
    .selectFrom('core.tenant')
    .select(['id', 'slug', 'name'])
    .where('slug', '=', slug)
    .where('purgeId', 'is', null)
    .executeTakeFirst();
  if (!row) throw new TenantGone();
  return row;
}

/**
 * The tenant a call acts for: the key's own, or the one that an operator or portal names by slug.
 * Foreign and absent answer alike.
 */
export async function tenantOfCall(db: Database, caller: Caller, slug: string | undefined): Promise<Tenant> {
  const row = await inSystemTransaction(db, (tx) => {
    const query = tx.selectFrom('core.tenant').select(['id', 'slug', 'name']).where('purgeId', 'is', null);
    if (caller.tenantId !== null) return query.where('id', '=', caller.tenantId).executeTakeFirst();
    if (slug === undefined) return Promise.resolve(undefined);
    return query.where('slug', '=', slug).executeTakeFirst();
  });
  if (caller.tenantId === null && slug === undefined) {
    throw new Problem(
      422,
      'tenant_required',
      'Name the tenant with ?tenant=<slug>: this key is not bound to one.',
    );
  }
  if (!row || (slug !== undefined && row.slug !== slug)) throw new TenantGone();
  return row;
}

/** Throws TenantGone when it is being purged, or is gone. */
export async function assertTenantLives(db: Database, tenantId: string): Promise<void> {
  const row = await inSystemTransaction(db, (tx) =>
    tx
      .selectFrom('core.tenant')
      .select('id')
      .where('id', '=', tenantId)
      .where('purgeId', 'is', null)
      .executeTakeFirst(),
  );
  if (!row) throw new TenantGone();
}

import { randomBytes } from 'node:crypto';
import { Problem } from '../core/errors.js';
import { type Database, inSystemTransaction, type Tx } from '../db/index.js';
import type { Caller } from './api-key.js';
import { type MasterKey, seal } from './secrets.js';

export interface Tenant {
  id: string;
  slug: string;
  name: string;
}

/** Finds the tenant by its slug or makes it, with a data key of its own (see secrets.ts). */
export async function getOrCreateTenant(
  db: Database,
  master: MasterKey,
  wanted: { slug: string; name: string },
): Promise<Tenant> {
  const wrapped = seal(master.key, randomBytes(32), `tenant-key|${wanted.slug}`);
  return inSystemTransaction(db, async (tx) => {
    await tx
      .insertInto('core.tenant')
      .values({ slug: wanted.slug, name: wanted.name, wrappedDataKey: wrapped, masterKeyId: master.id })
      .onConflict((conflict) => conflict.column('slug').doNothing())
      .execute();
    return tx
      .selectFrom('core.tenant')
      .select(['id', 'slug', 'name'])
      .where('slug', '=', wanted.slug)
      .executeTakeFirstOrThrow();
  });
}

/** By slug, for callers of the installation who may see them all. */
export async function findTenant(tx: Tx, slug: string): Promise<Tenant> {
  const row = await tx
    .selectFrom('core.tenant')
    .select(['id', 'slug', 'name'])
    .where('slug', '=', slug)
    .executeTakeFirst();
  if (!row) throw tenantNotFound();
  return row;
}

/**
 * The tenant a call acts for: the key's own, or the one that an operator or portal names by slug.
 * Foreign and absent answer alike.
 */
export async function tenantOfCall(db: Database, caller: Caller, slug: string | undefined): Promise<Tenant> {
  const row = await inSystemTransaction(db, (tx) => {
    const query = tx.selectFrom('core.tenant').select(['id', 'slug', 'name']);
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
  if (!row || (slug !== undefined && row.slug !== slug)) throw tenantNotFound();
  return row;
}

function tenantNotFound(): Problem {
  return new Problem(404, 'tenant_not_found', 'There is no such tenant for this key.');
}

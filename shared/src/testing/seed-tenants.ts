import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Database } from '../db/index.js';
import { openFileStore } from '../files/store.js';
import type { Thing } from '../http/route.js';
import { hashOfSlug } from '../purge/receipt.js';
import { insertApiKey } from '../tenancy/api-key.js';
import { type KeyRing, seal, tenantDataKey } from '../tenancy/secrets.js';
import { getOrCreateTenant, type Tenant } from '../tenancy/tenant.js';

/** A tenant that has one of everything, and what would give it away in an answer to somebody else. */
export interface SeededTenant extends Tenant {
  things: Record<Thing, string>;
  canary: string;
}

const summary = {
  status: 'done',
  source: {},
  target: {},
  balanced: true,
  verified: { records: 0, fields: 0, differences: 0 },
  findings: {},
  tokens: { planned: 0, spent: 0, floor: 0 },
  waivers: [],
  duration_ms: 1,
  documents: [],
};

/**
 * Written straight into the tables, as the database's owner: one row of each thing a route can name. Nothing that a
 * sweep would take up: the export is assessed, the run is paused.
 */
export async function seedTenant(
  db: Database,
  master: KeyRing,
  filesRoot: string,
  slug: string,
): Promise<SeededTenant> {
  const canary = `canary-${slug}-${randomUUID()}`;
  const tenant = await getOrCreateTenant(db, master, { slug, name: canary });
  const tenantId = tenant.id;
  const idOf = async (query: { executeTakeFirstOrThrow(): Promise<{ id: string }> }) =>
    (await query.executeTakeFirstOrThrow()).id;
  const migrationId = await idOf(
    db.insertInto('ingest.migration').values({ tenantId, reference: canary, name: canary }).returning('id'),
  );
  const exportId = await idOf(
    db
      .insertInto('ingest.export')
      .values({
        tenantId,
        migrationId,
        state: 'assessed',
        sha256: createHash('sha256').update(canary).digest('hex'),
        bytes: 1,
        blob: '0'.repeat(32),
      })
      .returning('id'),
  );
  const content = {
    settings: {
      country: 'AU',
      currency: 'AUD',
      timeZone: 'Australia/Sydney',
      dateFormat: 'iso',
      pipeline: canary,
      dealValue: 'booking_total',
      includeDeleted: false,
    },
    schema: { fields: [], pipelines: [], activityTypes: [] },
    objects: [],
    bookingStatuses: {},
    lossy: [],
  };
  const mappingId = await idOf(
    db
      .insertInto('transform.mappingVersion')
      .values({
        tenantId,
        migrationId,
        exportId,
        number: 1,
        state: 'confirmed',
        confirmedBy: canary,
        confirmedAt: new Date(),
        content: JSON.stringify(content),
        contentHash: canary,
      })
      .returning('id'),
  );
  const connectionId = await idOf(
    db
      .insertInto('loader.connection')
      .values({
        tenantId,
        baseUrl: 'http://127.0.0.1:1',
        companyKey: canary,
        companyDomain: canary,
        sealedToken: seal(master.key, Buffer.from(canary), 'never opened here'),
        state: 'ready',
        plan: 'Growth',
        seats: 2,
        planSource: 'given',
      })
      .returning('id'),
  );
  const runId = await idOf(
    db
      .insertInto('loader.run')
      .values({
        tenantId,
        migrationId,
        connectionId,
        exportId,
        mappingVersionId: mappingId,
        kind: 'production',
        status: 'paused',
        phase: 'deals',
        reason: canary,
      })
      .returning('id'),
  );
  const document = `${slug}.json`;
  for (const name of [document, 'summary.json']) {
    const stored = await openFileStore(filesRoot).put(
      tenantId,
      await tenantDataKey(db, master, tenantId),
      Readable.from([Buffer.from(JSON.stringify({ ...summary, migration_id: migrationId, run_id: runId }))]),
    );
    await db
      .insertInto('reporter.document')
      .values({ tenantId, runId, name, mediaType: 'application/json', ...stored })
      .execute();
  }
  await db
    .insertInto('loader.owner')
    .values({ tenantId, connectionId, sourceKey: canary, state: 'default', decidedBy: canary })
    .execute();
  await db
    .insertInto('loader.targetRecord')
    .values({
      tenantId,
      connectionId,
      targetKey: `booking:${slug}`,
      entity: 'deal',
      targetId: canary,
      payload: JSON.stringify({ title: canary }),
      payloadHash: canary,
      createdByRun: runId,
      writtenByRun: runId,
    })
    .execute();
  await db
    .insertInto('loader.crosswalk')
    .values({
      tenantId,
      connectionId,
      // As in the example of GET /v1/crosswalk.
      sourceType: 'booking',
      sourceId: slug,
      targetKey: `booking:${slug}`,
      role: 'primary',
    })
    .execute();
  await db
    .insertInto('core.finding')
    .values({
      tenantId,
      migrationId,
      exportId,
      origin: 'assess',
      code: 'invalid_phone',
      severity: 'warn',
      object: 'customer',
      sourceId: canary,
    })
    .execute();
  await db
    .insertInto('core.event')
    .values({ tenantId, migrationId, runId, kind: 'run.paused', facts: JSON.stringify({ canary }) })
    .execute();
  const webhookId = randomUUID();
  await db
    .insertInto('ingest.webhook')
    .values({
      id: webhookId,
      tenantId,
      // A name that leads nowhere by its definition: nothing is ever sent from here.
      url: 'https://receiver.invalid/',
      types: [],
      sealedSecret: seal(
        await tenantDataKey(db, master, tenantId),
        Buffer.from(`whsec_${Buffer.from(canary).toString('base64')}`),
        `webhook|${webhookId}`,
      ),
      state: 'disabled',
    })
    .execute();
  const deliveryId = await idOf(
    db
      .insertInto('ingest.webhookDelivery')
      .values({
        tenantId,
        webhookId,
        type: 'webhook.test',
        body: JSON.stringify({ type: 'webhook.test', timestamp: new Date(), data: { canary } }),
        state: 'failed',
      })
      .returning('id'),
  );
  const apiKey = await db
    .transaction()
    .execute((tx) => insertApiKey(tx, { role: 'viewer', label: canary, tenantId }));
  // Of somebody who is gone: a receipt belongs to the installation.
  const purgeId = await idOf(
    db
      .insertInto('core.purge')
      .values({
        subjectId: randomUUID(),
        slugHash: hashOfSlug(`former-${slug}`),
        requestedBy: randomUUID(),
        step: 'done',
        rowsRemoved: JSON.stringify({ 'core.tenant': 1 }),
        files: 0,
        bytes: 0,
        finishedAt: new Date(),
        receiptHash: hashOfSlug('a receipt'),
      })
      .returning('id'),
  );
  return {
    ...tenant,
    canary,
    things: {
      tenant: slug,
      api_key: apiKey.id,
      migration: migrationId,
      export: exportId,
      mapping: mappingId,
      connection: connectionId,
      run: runId,
      document,
      webhook: webhookId,
      delivery: deliveryId,
      purge: purgeId,
      source_record: slug,
    },
  };
}

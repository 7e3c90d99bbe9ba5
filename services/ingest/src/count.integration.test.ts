import { openDatabase } from '@octopipe/shared/db/index';
import { createTestDatabase } from '@octopipe/shared/testing/postgres';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { IngestContext } from './context.js';
import { count } from './count.js';

test('exports of all tenants by state; unmoved is the stillest of the unfinished, by its files too', async () => {
  const testDatabase = await createTestDatabase();
  const { db, destroy } = openDatabase(testDatabase.url, {
    max: 2,
    onError: () => {},
    applicationName: 'test',
  });
  // All that counting needs.
  const counted = () => count({ db } as IngestContext);
  try {
    expect(await counted()).toEqual([{ name: 'octopipe_unmoved_seconds', labels: {}, value: 0 }]);
    await sql`
      with tenant as (insert into core.tenant (slug, name, wrapped_data_key, master_key_id)
          values ('acme', 'Acme', '', 'k'), ('beta', 'Beta', '', 'k') returning id, slug),
        migration as (insert into ingest.migration (tenant_id, reference, name)
          select id, slug, slug from tenant returning id, tenant_id),
        export as (insert into ingest.export (tenant_id, migration_id, state, sha256, bytes, blob, moved_at)
          select tenant_id, id, state, state, 1, 'b', now() - still from migration,
            (values ('assessed', interval '9 days'), ('staging', interval '1 hour')) as it (state, still)
          returning id, tenant_id, state)
      insert into ingest.export_file (tenant_id, export_id, path, kind, blob, bytes, sha256, moved_at)
        select tenant_id, id, 'a.csv', 'table', 'b', 1, 'x', now() - interval '20 minutes' from export where state = 'staging'
    `.execute(db);
    const shown = (seconds: number) =>
      expect.arrayContaining([
        { name: 'octopipe_exports', labels: { state: 'assessed' }, value: 2 },
        { name: 'octopipe_exports', labels: { state: 'staging' }, value: 2 },
        { name: 'octopipe_unmoved_seconds', labels: {}, value: expect.closeTo(seconds, -2) },
      ]);
    expect(await counted()).toEqual(shown(1_200));
    await db.updateTable('ingest.exportFile').set({ state: 'staged' }).execute();
    expect(await counted()).toEqual(shown(0));
  } finally {
    await destroy();
    await testDatabase.drop();
  }
});

import { sql } from 'kysely';
import { type Database, inSystemTransaction } from '../db/index.js';
import { type OpenApiPart, openApiPart } from '../http/openapi.js';
import type { Route } from '../http/route.js';
import type { ServiceName } from '../queue/catalog.js';

/** A service says which routes it has; services meet in tables. */
export async function publishApiPart(
  db: Database,
  service: ServiceName,
  routes: ReadonlyArray<Route<never>>,
): Promise<void> {
  const part = JSON.stringify(openApiPart(routes));
  await inSystemTransaction(db, (tx) =>
    tx
      .insertInto('core.apiPart')
      .values({ service, part })
      .onConflict((conflict) =>
        conflict.column('service').doUpdateSet({ part, publishedAt: sql<Date>`now()` }),
      )
      .execute(),
  );
}

export async function readApiParts(db: Database): Promise<OpenApiPart[]> {
  const rows = await inSystemTransaction(db, (tx) =>
    tx.selectFrom('core.apiPart').select('part').orderBy('service').execute(),
  );
  // Written by publishApiPart alone; jsonb gives back what it was given.
  return rows.map(({ part }) => part as unknown as OpenApiPart);
}

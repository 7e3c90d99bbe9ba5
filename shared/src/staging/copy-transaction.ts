import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import { from } from 'pg-copy-streams';
import { type DB, inTransaction, type Scope, type Tx } from '../db/index.js';

/** Streams `rows` (COPY's text format) into `target` within the transaction. */
export type CopyIn = (target: string, rows: Readable) => Promise<void>;

/**
 * `inTransaction` with COPY in it: Kysely does not lend its connection out, so this one brings its own. The role and
 * the tenant hold for the COPY too. A failure anywhere leaves nothing of the transaction.
 */
export async function inCopyTransaction<T>(
  pool: pg.Pool,
  scope: Scope,
  work: (tx: Tx, copyIn: CopyIn) => Promise<T>,
): Promise<T> {
  let client: pg.PoolClient | undefined;
  const db = new Kysely<DB>({
    dialect: new PostgresDialect({
      pool: {
        connect: async () => {
          client = await pool.connect();
          return client;
        },
        end: async () => {},
      } as unknown as pg.Pool,
    }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
  return inTransaction(db, scope, (tx) =>
    work(tx, async (target, rows) => {
      if (!client) throw new Error('COPY was asked for before the transaction began');
      await pipeline(rows, client.query(from(`copy ${target} from stdin`)));
    }),
  );
}

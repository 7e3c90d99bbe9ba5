import { Redis } from 'ioredis';
import pg from 'pg';

/** Takes every job out of the queue of a database, or of a Redis. */
export async function emptyQueue(databaseUrl: string, redisUrl?: string): Promise<void> {
  if (redisUrl) {
    const client = new Redis(redisUrl);
    await client.flushall();
    await client.quit();
    return;
  }
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'bullmq' and tablename not like '%migration%' and tablename not like '%version%'",
    );
    const tables = rows.map((row) => row.name).join(', ');
    // Workers hold single tables of the queue while we want all: whoever Postgres picks of a deadlock tries again.
    for (let isEmpty = false; !isEmpty; )
      isEmpty = await client.query(`truncate ${tables}`).then(
        () => true,
        (error: { code?: string }) => {
          if (error.code !== '40P01') throw error;
          return false;
        },
      );
  } finally {
    await client.end();
  }
}

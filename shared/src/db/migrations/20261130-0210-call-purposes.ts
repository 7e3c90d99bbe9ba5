import { type Kysely, sql } from 'kysely';

/**
 * So that a difference between planned and spent tokens is explained by what happened: with the tokens, what calls were
 * for that no plan foresees; with a verification, how many list pages hold what it saw.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(callPurposes).execute(db);
}

const callPurposes = `
alter table loader.token_use add column purposes jsonb not null default '{}';
alter table loader.verification add column pages int;
`;

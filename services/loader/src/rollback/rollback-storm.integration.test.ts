import { describe, expect, it } from 'vitest';
import { rollbackStorm } from '../testing/rollback-storm.js';

/** `npm run chaos -- --only rollback` asks for more. */
const records = Number(process.env.ROLLBACK_RECORDS ?? 500);
const kills = Number(process.env.ROLLBACK_KILLS ?? 2);
const seed = Number(process.env.ROLLBACK_SEED ?? 15);

describe('R15: a rollback whose workers are killed', () => {
  it(`${kills} times on ${records} records harms nobody`, { timeout: 3_600_000 }, async () => {
    const figures = await rollbackStorm({ records, kills, seed });
    console.log(`R15 ${JSON.stringify(figures)}`);
    expect(figures.lostAnswers).toBeGreaterThan(0);
  });
});

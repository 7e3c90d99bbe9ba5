import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, type Journey, migrateOverHttp, type Served, serve, zipOf } from './journey.js';
import {
  builtProgram,
  nodeFlags,
  type Simulator,
  samplePackage,
  startSimulator,
  temporaryFolder,
} from './programs.js';

/**
 * Many companies through one stack, one of them larger than the others. `npm test` takes three; `npm run many` takes 20,
 * the largest of size S, and prints by how much the large one slows a small one: one at a time, and 19 at once.
 */
const count = Number(process.env.MANY_COUNT ?? 3);
const bigSize = process.env.MANY_BIG ?? 'XS';
const isFull = count > 3;
const samples = 3;

describe(`${count} migrations at once through one stack, one of size ${bigSize}`, () => {
  const folder = temporaryFolder();
  const sims: Simulator[] = [];
  let served: Served;
  let portal: Caller;
  let small: Buffer;
  let big: Buffer;

  beforeAll(async () => {
    const generated = path.join(folder.path, 'generated');
    const flags = ['--size', bigSize, '--seed', '3', '--max-files', '500', '--out', generated];
    const program = spawnSync(process.execPath, [...nodeFlags, builtProgram('generator'), ...flags]);
    if (program.status !== 0) throw new Error(`the generator failed: ${program.stderr}`);
    [small, big] = await Promise.all([zipOf(samplePackage), zipOf(path.join(generated, 'package'))]);
    served = await serve(path.join(folder.path, 'state'));
    portal = await served.newKey('portal');
  });
  afterAll(async () => {
    await served?.stop();
    for (const sim of sims) await sim.stop();
    folder.remove();
  });

  it('all finish balanced and verified; a large one does not hold up the small ones', async () => {
    const solo = isFull ? await several('solo') : [];
    const crowdAlone = isFull ? await atOnce('alone') : [];
    let isLargeAtWork = true;
    const large = migrate('large', big).finally(() => {
      isLargeAtWork = false;
    });
    const beside = isFull ? await several('beside') : [];
    const crowd = await atOnce('crowd');
    const outlasted = isLargeAtWork;
    const journeys = [...solo, ...crowdAlone, ...beside, ...crowd, await large];
    for (const { summary } of journeys)
      expect(summary).toMatchObject({ status: 'done', balanced: true, verified: { differences: 0 } });
    const { milliseconds, summary } = await large;
    const ofLarge =
      `the large one (${summary.verified.records} records) took ${(milliseconds / 1000).toFixed(0)} s, and was ` +
      `${outlasted ? 'at work all the time' : 'done before the last of them'}`;
    if (!isFull) {
      console.log(`${journeys.length} migrations balanced; ${ofLarge}`);
      return;
    }
    const slowed = { one: ratio(beside, solo), crowd: ratio(crowd, crowdAlone) };
    console.log(
      `${journeys.length} migrations balanced; a small one alone ${inSeconds(solo)}, beside the large one ${inSeconds(beside)} ` +
        `(${slowed.one.toFixed(2)} times); ${crowd.length} small ones at once ${inSeconds(crowdAlone)}, ` +
        `beside the large one ${inSeconds(crowd)} (${slowed.crowd.toFixed(2)} times); ${ofLarge}`,
    );
    expect(outlasted, 'the large one was at work beside every small one').toBe(true);
    expect(slowed.one).toBeLessThan(2);
    expect(slowed.crowd).toBeLessThan(2);
  });

  /** One after the other. */
  async function several(name: string): Promise<Journey[]> {
    const journeys: Journey[] = [];
    for (let i = 0; i < samples; i++) journeys.push(await migrate(`${name}-${i}`, small));
    return journeys;
  }

  function atOnce(name: string): Promise<Journey[]> {
    return Promise.all(Array.from({ length: count - 1 }, (_, i) => migrate(`${name}-${i}`, small)));
  }

  async function migrate(tenant: string, zip: Buffer): Promise<Journey> {
    const sim = await startSimulator({ seed: sims.length + 1 });
    sims.push(sim);
    return migrateOverHttp(portal, (slug) => served.newKey('tenant_admin', slug), {
      ...{ tenant, zip, sim },
      operator: served.operator,
    });
  }
});

function ratio(journeys: Journey[], undisturbed: Journey[]): number {
  return medianSeconds(journeys) / medianSeconds(undisturbed);
}

const inSeconds = (journeys: Journey[]) => `${medianSeconds(journeys).toFixed(1)} s`;

function medianSeconds(journeys: Journey[]): number {
  const sorted = journeys.map(({ milliseconds }) => milliseconds / 1000).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

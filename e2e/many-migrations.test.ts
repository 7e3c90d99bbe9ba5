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
 * the largest of size S, and prints by how much the large one slows a small one.
 */
const count = Number(process.env.MANY_COUNT ?? 3);
const bigSize = process.env.MANY_BIG ?? 'XS';
const samples = count > 3 ? 3 : 1;

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
    const solo = await several('solo');
    let isLargeAtWork = true;
    const large = migrate('large', big).finally(() => {
      isLargeAtWork = false;
    });
    const beside = await several('beside');
    const outlasted = isLargeAtWork;
    const crowd = await Promise.all(
      Array.from({ length: count - 1 }, (_, i) => migrate(`crowd-${i}`, small)),
    );
    const journeys = [...solo, ...beside, ...crowd, await large];
    for (const { summary } of journeys)
      expect(summary).toMatchObject({ status: 'done', balanced: true, verified: { differences: 0 } });
    const seconds = (all: Journey[]) => median(all.map(({ milliseconds }) => milliseconds)) / 1000;
    console.log(
      `${journeys.length} migrations balanced; a small one alone ${seconds(solo).toFixed(1)} s, beside the large one ` +
        `${seconds(beside).toFixed(1)} s (${(seconds(beside) / seconds(solo)).toFixed(2)} times; the large one was ` +
        `${outlasted ? 'still at work' : 'done before'}), among ${crowd.length} others ${crowd.length ? seconds(crowd).toFixed(1) : '-'} s; ` +
        `the large one (${(await large).summary.verified.records} records) ${((await large).milliseconds / 1000).toFixed(0)} s`,
    );
  });

  /** One after the other. */
  async function several(name: string): Promise<Journey[]> {
    const journeys: Journey[] = [];
    for (let i = 0; i < samples; i++) journeys.push(await migrate(`${name}-${i}`, small));
    return journeys;
  }

  async function migrate(tenant: string, zip: Buffer): Promise<Journey> {
    const sim = await startSimulator({ seed: sims.length + 1 });
    sims.push(sim);
    return migrateOverHttp(portal, (slug) => served.newKey('tenant_admin', slug), { tenant, zip, sim });
  }
});

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLedger } from './account.js';
import {
  migrateArgs,
  octopipe,
  type Simulator,
  samplePackage,
  startSimulator,
  temporaryFolder,
} from './programs.js';

/** Everything a newcomer does wrong: one sentence with what to do, an exit code that says so, and nothing left behind. */
describe('what goes wrong is said in one sentence', () => {
  const folder = temporaryFolder();
  let sim: Simulator;
  beforeAll(async () => {
    sim = await startSimulator({ plan: 'lite', seats: 1, requestsPer2s: 0 });
  });
  afterAll(async () => {
    await sim.stop();
    folder.remove();
  });

  const state = [
    '--state-dir',
    path.join(folder.path, 'state'),
    '--yes',
    '--exit',
    '--out',
    path.join(folder.path, 'out'),
  ];

  it('a package that does not exist', async () => {
    const { code, output } = await octopipe([
      'migrate',
      path.join(folder.path, 'nowhere'),
      '--to',
      sim.url,
      '--token',
      sim.token,
      ...state,
    ]).exit;
    expect(code).toBe(2);
    expect(output).toMatch(/nowhere/);
    expect(output).not.toMatch(/ {4}at /);
  });

  it('an empty folder', async () => {
    const empty = path.join(folder.path, 'empty');
    mkdirSync(empty);
    const { code, output } = await octopipe([
      'migrate',
      empty,
      '--to',
      sim.url,
      '--token',
      sim.token,
      ...state,
    ]).exit;
    expect(code).toBe(2);
    expect(output).toMatch(/empty/i);
  });

  it('a folder in which nothing is an export', async () => {
    const strange = path.join(folder.path, 'strange');
    mkdirSync(strange);
    writeFileSync(path.join(strange, 'holiday.txt'), 'sun');
    const { code, output } = await octopipe([
      'migrate',
      strange,
      '--to',
      sim.url,
      '--token',
      sim.token,
      ...state,
    ]).exit;
    expect(code).not.toBe(0);
    expect(output).toMatch(/recogni[sz]ed|export/i);
    expect(output).not.toMatch(/ {4}at /);
  });

  it('a wrong token', async () => {
    const { code, output } = await octopipe([
      'migrate',
      samplePackage,
      '--to',
      sim.url,
      '--token',
      'wrong',
      ...state,
    ]).exit;
    expect(code).toBe(5);
    expect(output).toMatch(/token/i);
    expect(output).not.toContain('wrong-token-value');
  });

  it('an account that does not answer', async () => {
    const { code, output } = await octopipe([
      'migrate',
      samplePackage,
      '--to',
      'http://127.0.0.1:9',
      '--token',
      sim.token,
      ...state,
    ]).exit;
    expect(code).toBe(5);
    expect(output).toMatch(/127\.0\.0\.1:9/);
  });

  it('an address that is not a Pipedrive account', async () => {
    const { code, output } = await octopipe([
      'migrate',
      samplePackage,
      '--to',
      'https://example.com',
      '--token',
      sim.token,
      ...state,
    ]).exit;
    expect(code).toBe(2);
    expect(output).toMatch(/pipedrive\.com/);
  });

  it('a taken port', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as { port: number };
    const { code, output } = await octopipe([...migrateArgs(sim, folder.path), '--port', String(port)]).exit;
    holder.close();
    expect(code).toBe(2);
    expect(output).toContain(String(port));
  });

  it('a plan that is too small: refused before the first write', async () => {
    // Lite allows 30 custom fields; 25 of them are the customer's own.
    const fields = Array.from({ length: 25 }, (_, i) => ({ field_name: `Own ${i}`, field_type: 'varchar' }));
    await sim.control('seed', { dealFields: fields });
    const before = (await readLedger(sim.url)).length;
    const { code, output } = await octopipe(migrateArgs(sim, folder.path)).exit;
    expect(code, output).toBe(5);
    expect(output).toMatch(/custom fields/);
    expect(output).toMatch(/[Uu]pgrade/);
    expect((await readLedger(sim.url)).length).toBe(before);
  });
});

describe('without --yes', () => {
  it('stops at the mapping, writes nothing, and says how to confirm', async () => {
    const folder = temporaryFolder();
    const sim = await startSimulator();
    try {
      const args = migrateArgs(sim, folder.path).filter((arg) => arg !== '--yes');
      const { code, output } = await octopipe(args).exit;
      expect(code, output).toBe(3);
      expect(output).toMatch(/--yes/);
      expect(output).toMatch(/\/v1\/mappings\/[0-9a-f-]+\/confirm/);
      expect(
        (await readLedger(sim.url)).filter((line) => line.op === 'create' && line.operation !== 'seed'),
      ).toEqual([]);
    } finally {
      await sim.stop();
      folder.remove();
    }
  });
});

describe('Ctrl-C half-way', () => {
  it('stops everything it started, and the same command continues', async () => {
    const folder = temporaryFolder();
    const sim = await startSimulator({ plan: 'premium', requestsPer2s: 0 });
    try {
      const first = octopipe([...migrateArgs(sim, folder.path)]);
      await first.saw(/deals: /);
      first.signal('SIGINT');
      const stopped = await first.exit;
      expect(stopped.code).toBe(130);
      expect(stopped.output).toMatch(/same command/);
      const written = (await readLedger(sim.url)).filter((line) => line.op === 'create').length;
      expect(written).toBeGreaterThan(0);
      const { code, output } = await octopipe(migrateArgs(sim, folder.path)).exit;
      expect(code, output).toBe(0);
    } finally {
      await sim.stop();
      folder.remove();
    }
  });
});

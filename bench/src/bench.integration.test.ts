import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { psqlVersion } from './psql.js';
import type { Report } from './report.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

it('measures the smallest package once, both sides doing the same work', async () => {
  const parts = (await psqlVersion()) === undefined ? 'transform,load' : 'staging,transform,load';
  const args = [main, '--size', 'XS', '--runs', '1', '--only', parts];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 280_000 });
  const { staging, transform, load } = JSON.parse(stdout) as Report;
  if (staging) expect(staging.rows).toBeGreaterThan(2_500);
  // SQL that makes fewer records, or poorer ones, is no baseline.
  expect(transform?.same_keys).toBe(1);
  expect(transform?.same_payloads).toBeGreaterThan(0.95);
  expect(load?.records).toBe(load?.phases.reduce((sum, phase) => sum + phase.records, 0));
  expect(load?.requests).toBe(load?.records);
  for (const part of [staging, transform, load].filter((one) => one !== undefined))
    expect(part.ratio).toBeCloseTo(part.baseline_ms / part.ours_ms, 1);
  expect(stderr).toMatch(/^transform {2}.*≥ 1\.00 {2}(ok|short)/m);
}, 300_000);

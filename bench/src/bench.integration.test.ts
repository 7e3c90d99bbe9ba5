import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { psqlVersion } from './psql.js';
import type { Report } from './report.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** The parts that take seconds; load and memory start processes by the dozen and are for the command. */
it('measures the smallest package once, both sides doing the same work', async () => {
  const parts = (await psqlVersion()) === undefined ? 'transform' : 'staging,transform';
  const args = [main, '--size', 'XS', '--runs', '1', '--only', parts];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 280_000 });
  const { staging, transform } = JSON.parse(stdout) as Report;
  if (staging) expect(staging.rows).toBeGreaterThan(2_500);
  // SQL that makes fewer records, or poorer ones, is no baseline.
  expect(transform?.same_keys).toBe(1);
  expect(transform?.same_payloads).toBeGreaterThan(0.95);
  for (const part of [staging, transform].filter((one) => one !== undefined))
    expect(part.ratio).toBeCloseTo(part.baseline_ms / part.ours_ms, 1);
  expect(stderr).toMatch(/^transform {2}.*≥ 1\.00 {2}(ok|short)/m);
}, 300_000);

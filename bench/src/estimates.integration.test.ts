import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { EstimateFigures } from './estimates.js';

const main = fileURLToPath(new URL('../dist/estimates-main.js', import.meta.url));

/** Few calls: how long they take says something about the machine, and nothing about us. */
it('asks for estimates at a rate, each at its own moment, and all are answered', async () => {
  const args = [main, '--rate', '50', '--seconds', '3'];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 110_000 });
  const figures = JSON.parse(stdout) as EstimateFigures;
  expect(figures).toMatchObject({ rate: 50, seconds: 3, requests: 150, errors: {} });
  // Never faster than asked for; slower only where the machine holds the sender up, and then it says so.
  expect(figures.sent_per_s).toBeLessThanOrEqual(50.5);
  expect(149_000 / figures.sent_per_s).toBeLessThanOrEqual(149_000 / 50 + figures.late_ms.max + 100);
  for (const { p50, p95, p99, max } of [figures.latency_ms, figures.late_ms]) {
    expect(p50).toBeGreaterThanOrEqual(0);
    expect([p50, p95, p99, max]).toEqual([p50, p95, p99, max].sort((a, b) => a - b));
  }
  // A call's lateness is part of its latency.
  expect(figures.latency_ms.max).toBeGreaterThanOrEqual(figures.late_ms.p50);
  expect(stderr).toMatch(/^answered( +[\d.]+){4}$/m);
}, 120_000);

import { Command, InvalidArgumentError } from 'commander';
import { type EstimateFigures, measureEstimates } from './estimates.js';

const { rate, seconds } = new Command('bench:estimates')
  .description('How long POST /v1/estimates takes while so many arrive each second. JSON on stdout.')
  .option(
    '--rate <number>',
    'calls a second, sent on time whether the earlier ones are answered or not',
    whole,
    200,
  )
  .option('--seconds <number>', 'for so long, after a warm-up that does not count', whole, 30)
  .parse()
  .opts<{ rate: number; seconds: number }>();

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

process.stderr.write(`asking for ${rate} estimates a second, ${seconds} seconds …\n`);
const figures = await measureEstimates(rate, seconds);
process.stderr.write(`\n${tableOf(figures)}\n`);
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);

function tableOf({ latency_ms, late_ms, ...figures }: EstimateFigures): string {
  const failed = Object.entries(figures.errors).map(([status, count]) => `${count} × ${status}`);
  const rows: Array<[string, ...Array<string | number>]> = [
    ['ms', 'p50', 'p95', 'p99', 'max'],
    ['answered', latency_ms.p50, latency_ms.p95, latency_ms.p99, latency_ms.max],
    ['of it, sent late', late_ms.p50, late_ms.p95, late_ms.p99, late_ms.max],
  ];
  return [
    ...rows.map(([name, ...cells]) => name.padEnd(18) + cells.map((cell) => `${cell}`.padStart(9)).join('')),
    `${figures.requests} calls, ${figures.sent_per_s} a second sent, ${figures.answered_per_s} a second answered 200; errors: ${failed.join(', ') || 'none'}`,
    `${figures.cpu_ms_per_call} ms of processor time of the service for each call; ${figures.cores} cores, load ${figures.load_before} before and ${figures.load_after} after`,
  ].join('\n');
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text))
    throw new InvalidArgumentError('a whole number from 1 to 99999 is needed');
  return Number(text);
}

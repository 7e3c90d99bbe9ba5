/** The middle one of an odd number of figures. */
export function median(figures: ReadonlyArray<number>): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
}

/** The smallest of the figures that so many of a hundred do not exceed. */
export function percentile(figures: ReadonlyArray<number>, ofHundred: number): number {
  const place = Math.max(0, Math.ceil((figures.length * ofHundred) / 100) - 1);
  return [...figures].sort((a, b) => a - b)[place] ?? Number.NaN;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

export function rounded(figure: number, digits = 0): number {
  return Number(figure.toFixed(digits));
}

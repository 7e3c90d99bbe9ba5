/** How fast counters move, over a sliding window: steady enough to read, quick enough to notice a stall. */
export interface RateMeter {
  observe(counter: string, value: number, nowMs: number): void;
  /** Per second; undefined until two observations lie at least a second apart. */
  perSecond(counter: string): number | undefined;
}

export function createRateMeter(windowMs: number): RateMeter {
  const samples = new Map<string, Array<{ value: number; atMs: number }>>();
  return {
    observe(counter, value, nowMs) {
      const list = samples.get(counter) ?? [];
      list.push({ value, atMs: nowMs });
      // The newest sample that is older than the window stays: it is where the window begins.
      while (list[1] !== undefined && list[1].atMs <= nowMs - windowMs) list.shift();
      samples.set(counter, list);
    },
    perSecond(counter) {
      const list = samples.get(counter) ?? [];
      const first = list[0];
      const last = list.at(-1);
      if (first === undefined || last === undefined || last.atMs - first.atMs < 1_000) return undefined;
      return ((last.value - first.value) * 1_000) / (last.atMs - first.atMs);
    },
  };
}

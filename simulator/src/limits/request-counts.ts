type Outcome = '2xx' | '3xx' | '4xx' | '429' | '5xx' | 'lost';

/** How many requests of each operation ended how. `lost` were handled and their answer was withheld by a fault. */
export class RequestCounts {
  readonly #operations: Record<string, Partial<Record<Outcome, number>>> = {};
  readonly #unexpected = new Map<string, number>();

  count(operation: string, status: number | 'lost'): void {
    const outcome = outcomeOf(status);
    const counts = this.#operations[operation] ?? {};
    this.#operations[operation] = { ...counts, [outcome]: (counts[outcome] ?? 0) + 1 };
  }

  countUnexpected(method: string, path: string): void {
    const key = `${method} ${path}`;
    this.#unexpected.set(key, (this.#unexpected.get(key) ?? 0) + 1);
  }

  dump() {
    return { operations: this.#operations, unexpected: Object.fromEntries(this.#unexpected) };
  }
}

function outcomeOf(status: number | 'lost'): Outcome {
  if (status === 'lost' || status === 429) return status === 429 ? '429' : 'lost';
  if (status < 300) return '2xx';
  if (status < 400) return '3xx';
  return status < 500 ? '4xx' : '5xx';
}

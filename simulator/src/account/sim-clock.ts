/** Time as the account sees it: real time plus an offset that tests move. It keeps running. */
export class SimClock {
  #offsetMs = 0;

  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  advance(ms: number): void {
    this.#offsetMs += ms;
  }

  set(epochMs: number): void {
    this.#offsetMs = epochMs - Date.now();
  }
}

const DAY_MS = 86_400_000;

/** Days since the epoch, UTC: the daily budget is reset when this number changes. */
export function utcDay(epochMs: number): number {
  return Math.floor(epochMs / DAY_MS);
}

/** Whole seconds, as v2 writes times. */
export function rfc3339(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** v2 form to v1 form: 2024-01-01T00:00:00Z to 2024-01-01 00:00:00. */
export function sqlTime(time: string): string {
  return time.slice(0, 19).replace('T', ' ');
}

/** v1 form to v2 form. */
export function fromSqlTime(time: string): string {
  return `${time.replace(' ', 'T')}Z`;
}

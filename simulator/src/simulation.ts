import type { Account, AccountOptions } from './account/account.js';
import type { FileStore } from './account/file-store.js';
import { foundAccount } from './account/found-account.js';
import { SimClock } from './account/sim-clock.js';
import { Faults } from './faults/rules.js';
import { RateLimits } from './limits/rate-limits.js';
import { RequestCounts } from './limits/request-counts.js';

/** Everything one simulator process holds. A reset replaces the account and all that belongs to it. */
export class Simulation {
  readonly clock = new SimClock();
  readonly token: string;
  readonly files: FileStore;
  readonly startedWith: AccountOptions;
  account: Account;
  limits: RateLimits;
  counts = new RequestCounts();
  faults = new Faults();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(token: string, files: FileStore, options: AccountOptions) {
    this.token = token;
    this.files = files;
    this.startedWith = options;
    this.account = foundAccount(options, this.clock);
    this.limits = new RateLimits(this.clock);
  }

  /** Also brings the clock back to real time. Commits still under way belong to the old account and stay there. */
  reset(options: AccountOptions, keepUsers: boolean): void {
    this.clock.set(Date.now());
    const previous = this.account;
    this.account = foundAccount(options, this.clock);
    if (keepUsers) {
      const users = this.account.table('users');
      users.clear();
      for (const [id, user] of previous.table('users')) users.set(id, user);
    }
    this.limits = new RateLimits(this.clock);
    this.counts = new RequestCounts();
    this.faults = new Faults();
  }

  later(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.files.close();
  }
}

import { createHash } from 'node:crypto';
import type { Logger } from '@octopipe/shared/core/logger';
import type { Database } from '@octopipe/shared/db/index';
import type { Frame } from '@octopipe/shared/http/event-stream';
import { createFeed, type Feed, type Follower } from '@octopipe/shared/http/feed';
import type { Tenant } from '@octopipe/shared/tenancy/tenant';
import { readRunPage } from './read-run-page.js';
import { isLive, type RunPageFacts } from './run-page.js';

export interface PageReader extends Follower {
  run: { tenant: Tenant; runId: string };
  /** The version of the page that it shows. */
  seen: string;
  take(frames: ReadonlyArray<Frame>): void;
}

export type PageFeed = Feed<PageReader>;

/** Tells open run pages that there is something new to show; they fetch it themselves, as they were fetched at first. */
export function createPageFeed(db: Database, logger: Logger): PageFeed {
  return createFeed(logger, (group) => tell(db, group));
}

async function tell(db: Database, group: ReadonlyArray<PageReader>): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const facts = await readRunPage({ db }, first.run.tenant, first.run.runId);
  const version = facts && versionOf(facts, new Date());
  for (const reader of group) {
    if (version !== undefined && reader.seen !== version) {
      reader.seen = version;
      reader.take([{ id: version, event: 'page', data: {} }]);
    }
    if (facts && isLive(facts)) continue;
    reader.take([{ event: 'end', data: {} }]);
    reader.end();
  }
}

/** Of what a page shows. Durations go on without any news, so it is another one each minute. */
export function versionOf(facts: RunPageFacts, now: Date): string {
  return createHash('sha256')
    .update(JSON.stringify([facts, now.toISOString().slice(0, 16)]))
    .digest('base64url')
    .slice(0, 22);
}

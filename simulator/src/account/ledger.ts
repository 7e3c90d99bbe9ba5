import type { Json, JsonObject } from '../json.js';
import type { Entity } from './entities.js';

export interface Commit {
  readonly at: string;
  readonly op: 'create' | 'update' | 'delete';
  readonly entity: Entity;
  readonly id: number | string;
  readonly operation: string;
  readonly body: Json;
  readonly record: JsonObject;
  readonly request_id: string;
}

/**
 * What really happened, in order: one line per committed write of the API, kept as text so that a later change of the
 * record cannot rewrite history. Seeding and edits through the control surface are not in it.
 */
export class Ledger {
  readonly #lines: string[] = [];

  append(commit: Commit): void {
    this.#lines.push(JSON.stringify({ seq: this.#lines.length + 1, ...commit }));
  }

  /** NDJSON of the lines after `afterSeq`. */
  text(afterSeq = 0): string {
    const lines = this.#lines.slice(afterSeq);
    return lines.length > 0 ? `${lines.join('\n')}\n` : '';
  }
}

import type { Request } from 'express';
import { hashOf } from '../core/canonical-json.js';
import { Problem } from '../core/errors.js';

/** A strong ETag (RFC 9110 8.8.3): of all that the answer says, so that it changes with anything the reader has seen. */
export function etagOf(body: unknown): string {
  return `"${hashOf(body).slice(0, 32)}"`;
}

/** A call that edits must say what it read; without that the last of two editors would win unseen. */
export function assertSaysWhatItRead(req: Request): void {
  if (req.get('if-match') !== undefined) return;
  throw new Problem(
    428,
    'if_match_required',
    'Send If-Match with the ETag of what you read, so that nobody’s change is overwritten unseen.',
  );
}

/** Asked under the lock of what is edited. `*` stands for anything; a weak ETag never matches. */
export function assertAsRead(req: Request, current: unknown): void {
  const wanted = req.get('if-match');
  if (wanted === undefined || wanted.trim() === '*') return;
  if (wanted.split(',').some((tag) => tag.trim() === etagOf(current))) return;
  throw new Problem(
    412,
    'edited_meanwhile',
    'Somebody has changed it since you read it: read it again and decide on what it says now. Nothing was changed.',
  );
}

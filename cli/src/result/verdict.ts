import type { Summary } from '../api/answers.js';
import type { Ending } from '../exit-codes.js';
import { count } from '../terminal/table.js';

export interface Verdict {
  ending: Extract<Ending, 'ok' | 'notBalanced'>;
  /** Why it is not `ok`, a sentence each. */
  reasons: string[];
}

/**
 * The strictest reading of a run, for the exit code: done, both equations hold, nothing failed or waits, everything
 * that should be there was read back and is equal. A rejected row is explained by its finding and does not spoil it;
 * a failed record does, because nobody has acknowledged it yet.
 */
export function judge(summary: Summary): Verdict {
  const reasons: string[] = [];
  const targets = Object.values(summary.target);
  const sum = (pick: (counts: (typeof targets)[number]) => number) =>
    targets.reduce((all, counts) => all + pick(counts), 0);
  if (summary.status !== 'done') reasons.push(`The run is ${summary.status.replaceAll('_', ' ')}, not done.`);
  for (const [object, counts] of Object.entries(summary.source)) {
    const explained = counts.mapped + counts.merged + totalOf(counts.excluded) + totalOf(counts.rejected);
    if (explained !== counts.rows)
      reasons.push(`${object}: ${count(counts.rows)} rows, but ${count(explained)} are explained.`);
  }
  for (const [entity, counts] of Object.entries(summary.target)) {
    const explained = counts.created + counts.updated + counts.unchanged + counts.failed + counts.waiting;
    if (explained !== counts.planned)
      reasons.push(`${entity}: ${count(counts.planned)} planned, but ${count(explained)} are explained.`);
  }
  if (sum(({ waiting }) => waiting) > 0)
    reasons.push(`${count(sum(({ waiting }) => waiting))} records are not written yet.`);
  if (sum(({ failed }) => failed) > 0)
    reasons.push(`${count(sum(({ failed }) => failed))} records were refused by Pipedrive.`);
  const unread = summary.findings.unread_file ?? 0;
  if (unread > 0)
    reasons.push(
      `Files of the package in a format that is not read, so that nothing of them moved: ${count(unread)}.`,
    );
  if (!summary.balanced && reasons.length === 0) reasons.push('The report says that it is not balanced.');
  const there = sum(({ created, updated, unchanged }) => created + updated + unchanged);
  if (summary.verified.records < there)
    reasons.push(
      `${count(there)} records should be there, but ${count(summary.verified.records)} were read back.`,
    );
  if (summary.verified.differences > 0)
    reasons.push(`${count(summary.verified.differences)} differences from what was written.`);
  return { ending: reasons.length === 0 ? 'ok' : 'notBalanced', reasons };
}

export function totalOf(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, value) => sum + value, 0);
}

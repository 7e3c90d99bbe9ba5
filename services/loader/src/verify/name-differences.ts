import type { Canonical } from './canonical.js';
import { changedInImage, type Image } from './image.js';

/** What differs between what we wrote and what stands there, and whose doing it is. */
export type DifferenceKind =
  /** Ours, and not there. */
  | 'missing'
  /** There, carrying one of our markers, and not ours. */
  | 'extra'
  /** It has said this since we wrote it, and it is not what we sent. */
  | 'changed_by_us'
  /** It said something else after we wrote it. A person or another program changed it. */
  | 'changed_by_person'
  /** Only the beginning of what we sent is there. */
  | 'truncated';

export interface FieldDifference {
  field: string;
  kind: DifferenceKind;
}

/**
 * Names the differences of one record. `sent` and `listed` are of the fields that we sent, `differing` those of them
 * that do not say the same; `after` is the image that was kept when we wrote it (null: none was), `now` the image of
 * today. With `beyondSent`, what somebody changed in fields that we did not send is a difference, too.
 */
export function nameDifferences(
  record: {
    sent: Canonical;
    listed: Canonical;
    differing: ReadonlyArray<string>;
    after: Image | null;
    now: Image;
  },
  beyondSent: boolean,
): FieldDifference[] {
  const { sent, listed, differing, after, now } = record;
  const changedSince = new Set(after === null ? [] : changedInImage(after, now));
  const ofSent = differing.map((field): FieldDifference => {
    if (isCut(sent[field], listed[field])) return { field, kind: 'truncated' };
    return { field, kind: changedSince.has(field) ? 'changed_by_person' : 'changed_by_us' };
  });
  if (!beyondSent) return ofSent;
  const named = new Set(ofSent.map(({ field }) => field));
  return [
    ...ofSent,
    ...[...changedSince]
      .filter((field) => !named.has(field))
      .map((field): FieldDifference => ({ field, kind: 'changed_by_person' })),
  ];
}

function isCut(sent: unknown, listed: unknown): boolean {
  return (
    typeof sent === 'string' &&
    typeof listed === 'string' &&
    listed !== '' &&
    listed.length < sent.length &&
    sent.startsWith(listed)
  );
}

import type { Canonical } from '../verify/canonical.js';
import { changedInImage, type Image } from '../verify/image.js';
import { withArrived } from '../write/open-patch.js';
import type { RecordFacts } from './decide.js';

/** What Postgres knows of a record's contents at two moments. */
export interface KnownImages {
  /** After our last write; null: never read back since. */
  after: Image | null;
  /** Before our first write of a record that is theirs. */
  before: Image | null;
  /** Names of the fields that we wrote, as an image has them: only they can be put back. */
  written: ReadonlySet<string>;
  /** What it says of an update whose answer was lost, in canonical form: ours, too (write/open-patch.ts). */
  arrived: Canonical;
  /** This rollback has taken it out of the archive: that it stands there no more is our doing. */
  unarchived: boolean;
}

export interface Content {
  content: RecordFacts['content'];
  /** The fields in which a person changed it: of a record that is theirs, those of ours that they changed since. */
  edited: string[];
  /** Of a record that is theirs, the fields that still say what we wrote: they are put back. */
  standing: string[];
}

/**
 * What a record says now. One that we made is edited as a whole: whoever changed a field of it uses it. Of one that is
 * theirs only the fields that we wrote count, each by itself: what still says what we wrote is put back, what
 * somebody changed since is theirs again.
 */
export function contentOf(known: KnownImages, now: Image): Content {
  const after = known.after && withArrived(known.after, known.arrived);
  if (known.before !== null) {
    const written = new Set([...known.written, ...Object.keys(known.arrived)]);
    return contentOfTheirs({ after, written }, known.before, now);
  }
  if (after === null) return { content: 'unread', edited: [], standing: [] };
  const edited = changedInImage(after, now).filter((field) => !(known.unarchived && field === 'is_archived'));
  return { content: edited.length === 0 ? 'untouched' : 'edited', edited, standing: [] };
}

function contentOfTheirs(
  { after, written }: Pick<KnownImages, 'after' | 'written'>,
  before: Image,
  now: Image,
): Content {
  const differing = changedInImage(before, now).filter((field) => written.has(field));
  if (differing.length === 0) return { content: 'restored', edited: [], standing: [] };
  if (after === null) return { content: 'unread', edited: [], standing: [] };
  const changedSince = new Set(changedInImage(after, now));
  const edited = differing.filter((field) => changedSince.has(field));
  const standing = differing.filter((field) => !changedSince.has(field));
  return { content: standing.length === 0 ? 'restored' : 'untouched', edited, standing };
}

/** What a record of theirs says when its standing fields are put back. */
export function imageRestored(
  before: Image,
  now: Readonly<Record<string, unknown>>,
  standing: ReadonlyArray<string>,
): Record<string, unknown> {
  return { ...now, ...Object.fromEntries(standing.map((field) => [field, before[field]])) };
}

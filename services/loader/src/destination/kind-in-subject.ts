import { cutText } from '@octopipe/shared/domain/convert/text';
import { titleLimit } from '@octopipe/shared/domain/mapping/convert-field';

/**
 * The subject of an activity whose kind has no type of its own in the account: it begins with the kind. Those of
 * payments do so anyway. A subject that gets too long for Pipedrive loses its end; that of the mapping stands in the note or
 * in what it was made from, as with every subject that is cut.
 */
export function withKind(kind: string, subject: string): string {
  return beginsWith(kind, subject) ? subject : cutText(`${kind}: ${subject}`, titleLimit).text;
}

/** The kind as a word: `Callback` does not begin with `Call`. */
function beginsWith(kind: string, subject: string): boolean {
  return (
    subject.toLowerCase().startsWith(kind.toLowerCase()) && !/^[\p{L}\p{N}]/u.test(subject.slice(kind.length))
  );
}

/** Activity types are made under their own name, so one known by another has none of its own. */
export function sharesType({
  kind,
  name,
  actualName,
}: {
  kind: string;
  name: string;
  actualName: string;
}): boolean {
  return kind === 'activity_type' && actualName !== name;
}

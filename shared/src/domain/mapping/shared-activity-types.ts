import type { DestinationSchema } from './content.js';

/**
 * A kind of activity that has no activity type of its own, because the account takes no more of them: its activities
 * have another type, and the kind stands in front of their subject.
 */
export interface SharedActivityType {
  kind: string;
  /** The name of the type that they have, as in the account. */
  type: string;
}

/** What the customer reads of it, a sentence for each type that is shared by kinds of this mapping, in its order. */
export function lossesOfSharedTypes(
  { activityTypes }: Pick<DestinationSchema, 'activityTypes'>,
  shared: ReadonlyArray<SharedActivityType>,
): Array<{ object: string; says: string }> {
  const kindsOf = new Map<string, string[]>();
  for (const { name } of activityTypes)
    for (const { type } of shared.filter(({ kind }) => kind === name))
      kindsOf.set(type, [...(kindsOf.get(type) ?? []), name]);
  return [...kindsOf].map(([type, kinds]) => ({
    object: 'activity',
    says: `The account has as many activity types as Pipedrive allows a company. ${inWords(kinds)} ${kinds.length === 1 ? 'has' : 'have'} none of ${kinds.length === 1 ? 'its' : 'their'} own: such activities have the type ${type}, and their subject begins with what they are.`,
  }));
}

function inWords(kinds: ReadonlyArray<string>): string {
  if (kinds.length < 2) return kinds.join('');
  return `${kinds.slice(0, -1).join(', ')} and ${kinds.at(-1)}`;
}

/**
 * What to do about a batch whose workers die on it. A record that kills is not told from its neighbours by a death, so
 * it is looked for:
 *
 *   ordinary → on trial   three deaths in a row, none of which left anything done
 *   on trial              one turn at a time, and no other batch beside it in its process: whatever dies now, dies of it.
 *                         Of the keys that killed, the next turn tries half. A death: it is among these. Alive: among
 *                         the others, and these are done
 *   one record left       it dies twice, alone → parked: a failed record with its reason, for a person to queue again
 *
 * So a batch of 100 costs about a dozen deaths for each record that kills, and those that were only near it none.
 */
export interface Trial {
  /** Deaths in a row without anything done; on trial: never fewer than the three that led there. */
  crashes: number;
  /** On trial, the keys among which one has killed; null: not known yet. */
  suspects: string[] | null;
}

export const noTrial: Trial = { crashes: 0, suspects: null };

const crashesToTrial = 3;
/** Of a single record: two more. */
const crashesToPark = 5;

export function isOnTrial(trial: Trial): boolean {
  return trial.crashes >= crashesToTrial;
}

/** The record that is to be parked instead of tried again. */
export function toPark(trial: Trial): string | undefined {
  return trial.crashes >= crashesToPark && trial.suspects?.length === 1 ? trial.suspects[0] : undefined;
}

/** The keys that the next turn may try. `open`: the batch's keys without an outcome, in its order. */
export function toTry({ suspects }: Trial, open: ReadonlyArray<string>): string[] {
  if (suspects === null) return [...open];
  const isOpen = (key: string) => open.includes(key);
  const half = suspects.slice(0, Math.ceil(suspects.length / 2)).filter(isOpen);
  if (half.length > 0) return half;
  const others = suspects.filter(isOpen);
  return others.length > 0 ? others : [...open];
}

/** After a turn that died. `didSomething`: more keys were open before it. */
export function afterDeath(trial: Trial, open: ReadonlyArray<string>, didSomething: boolean): Trial {
  if (!isOnTrial(trial)) return { crashes: didSomething ? 1 : trial.crashes + 1, suspects: null };
  const tried = toTry(trial, open);
  // Everything was done: it died of something after that.
  if (tried.length === 0) return { crashes: crashesToTrial, suspects: null };
  if (tried.length > 1) return { crashes: crashesToTrial, suspects: tried };
  const wasAlone = trial.suspects?.length === 1 && trial.suspects[0] === tried[0];
  return { crashes: (wasAlone ? trial.crashes : crashesToTrial) + 1, suspects: tried };
}

/** After a turn that lived, or after the walk. */
export function afterTurn(
  { crashes, suspects }: Trial,
  open: ReadonlyArray<string>,
  didSomething: boolean,
): Trial {
  if (!didSomething) return { crashes, suspects };
  if (!isOnTrial({ crashes, suspects })) return noTrial;
  const left = (suspects ?? []).filter((key) => open.includes(key));
  if (left.length === 0) return { crashes: crashesToTrial, suspects: null };
  return { crashes: left.length === suspects?.length ? crashes : crashesToTrial, suspects: left };
}

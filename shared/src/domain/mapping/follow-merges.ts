import { compareIds } from './group-companies.js';

/** "This customer was merged into that one": as the export states it, or as a person decides. */
export interface Merge {
  from: string;
  into: string;
}

export interface FollowedMerges {
  /** Of each merged customer the one that lives on, whatever lies between. */
  survivors: Map<string, string>;
  /** Customers whose merge leads out of the export or round in a circle: they live on themselves. */
  astray: Set<string>;
}

/** Follows the merges that the export states, each customer's one, to the customers that live on. */
export function followMerges(
  stated: ReadonlyArray<Merge>,
  isThere: (customerId: string) => boolean,
): FollowedMerges {
  const into = new Map(stated.map((merge) => [merge.from, merge.into]));
  const astray = new Set([...into].filter(([, next]) => !isThere(next)).map(([from]) => from));
  for (const id of astray) into.delete(id);
  for (const id of inCircles(into)) {
    astray.add(id);
    into.delete(id);
  }
  return { survivors: ends(into), astray };
}

/**
 * What the export states and what a person decides, together. A person's merge stands as it is: a record that was written
 * for the one that stays is not another's because OctopusPro was tidied up the other way round.
 */
export function joinMerges(
  stated: ReadonlyMap<string, string>,
  decided: ReadonlyArray<Merge>,
): Map<string, string> {
  const into = new Map(decided.map((merge) => [merge.from, merge.into]));
  const endOf = (id: string) => {
    let at = id;
    for (let next = into.get(at); next !== undefined; next = into.get(at)) at = next;
    return at;
  };
  for (const [from, survivor] of [...stated].sort(([a], [b]) => compareIds(a, b))) {
    const [gone, stays] = [endOf(from), endOf(survivor)];
    if (gone !== stays) into.set(gone, stays);
  }
  return ends(into);
}

function inCircles(into: ReadonlyMap<string, string>): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  for (const start of into.keys()) {
    const path: string[] = [];
    let at: string | undefined = start;
    for (; at !== undefined && !seen.has(at); at = into.get(at)) {
      seen.add(at);
      path.push(at);
    }
    const entry = at === undefined ? -1 : path.indexOf(at);
    if (entry !== -1) found.push(...path.slice(entry));
  }
  return found;
}

/** Where each chain ends; each step is taken once, however long the chains are. */
function ends(into: ReadonlyMap<string, string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const start of into.keys()) {
    const path: string[] = [];
    let at = start;
    for (let next = into.get(at); next !== undefined && !found.has(at); next = into.get(at)) {
      path.push(at);
      at = next;
    }
    const end = found.get(at) ?? at;
    for (const id of path) found.set(id, end);
  }
  return found;
}

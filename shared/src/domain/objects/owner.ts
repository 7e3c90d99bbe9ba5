import { nameKey } from '../convert/name.js';
import type { Catalogue } from '../mapping/define-object.js';
import type { Owner } from '../mapping/record.js';

/**
 * Who owns a record, best first: the office users it names (by id, name or e-mail), then the field workers. The loader
 * takes the first that has a Pipedrive user. Undefined when nobody is named: the default owner.
 */
export function ownerOf(
  users: ReadonlyArray<string | undefined>,
  fieldworkerIds: ReadonlyArray<string>,
  catalogue: Catalogue,
): Owner | undefined {
  const keys = [
    ...users.flatMap((named) =>
      named === undefined ? [] : (findWorker(named, ['user', 'fieldworker'], catalogue) ?? []),
    ),
    ...fieldworkerIds.flatMap((id) => findWorker(id, ['fieldworker'], catalogue) ?? []),
  ];
  return keys.length === 0 ? undefined : { $owner: [...new Set(keys)] };
}

/** The name people know the worker by; the text itself when nobody is found. */
export function workerName(named: string, catalogue: Catalogue): string {
  const key = findWorker(named, ['fieldworker', 'user'], catalogue);
  return (key && catalogue.workers.get(key)?.name) ?? named;
}

/** D23: a reference may be an id, a name or an e-mail. */
function findWorker(named: string, objects: ReadonlyArray<string>, catalogue: Catalogue): string | undefined {
  for (const object of objects) {
    if (catalogue.workers.has(`${object}:${named}`)) return `${object}:${named}`;
  }
  const wanted = nameKey(named);
  const email = named.toLowerCase();
  for (const [key, worker] of catalogue.workers) {
    const isOfThese = objects.some((object) => key.startsWith(`${object}:`));
    if (isOfThese && (nameKey(worker.name) === wanted || worker.email === email)) return key;
  }
  return undefined;
}

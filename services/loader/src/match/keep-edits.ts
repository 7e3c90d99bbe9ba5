import { RecordRejected } from '@octopipe/shared/core/errors';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { entityTable, type RemoteRecord } from '../destination/entity-table.js';
import { type AccountSymbols, resolvePayload } from '../destination/resolve-payload.js';
import { changedInImage, followersOf, imageOf } from '../verify/image.js';
import { changeable } from '../write/build-requests.js';
import { arrivedOf, withArrived } from '../write/open-patch.js';
import type { KnownTarget, Write } from '../write/plan-writes.js';

type Update = Extract<Write, { kind: 'update' }>;

/**
 * Of an update of a record that we made, the fields that nobody has changed since our last write: three-way, with what the
 * record said then as the base. What a person changed stays theirs, and what the account makes of it with it (a deal that they
 * lost is not won by us, nor given the time of that). The verification names such a field (`changed_by_person`), and since the
 * after-image keeps what it said of it, a rollback still finds the record edited. Nothing may be left to send.
 *
 * A record that is gone, or of which nobody knows what it said, is updated as a whole.
 */
export function keepEdits(
  entity: Entity,
  write: Update,
  listed: RemoteRecord | undefined,
  target: KnownTarget | undefined,
  symbols: AccountSymbols,
  /** Fields that follow something else of ours: the value of a deal with lines. */
  following: ReadonlySet<string>,
): Update {
  const known = target?.afterImage;
  if (!listed || !target || !known) return write;
  const json = bodyOf(entity, write, symbols);
  if (!json) return write;
  const after = withArrived(known, arrivedOf(entity, target.open, known, listed));
  const edited = changedInImage(after, imageOf(entity, listed)).filter((name) => !following.has(name));
  const theirs = new Set(edited.flatMap((name) => [name, ...followersOf(entity, name)]));
  return { ...write, json: without(json, theirs) };
}

/** Undefined: it cannot be sent, and whoever builds its request says why. */
function bodyOf(
  entity: Entity,
  { payload, record }: Update,
  symbols: AccountSymbols,
): Record<string, unknown> | undefined {
  try {
    return changeable(entityTable[entity], resolvePayload(entity, payload, symbols, record.payload));
  } catch (error) {
    if (!(error instanceof RecordRejected)) throw error;
    return undefined;
  }
}

/** A body without these fields, which are named as an image names them. */
function without(json: Record<string, unknown>, names: ReadonlySet<string>): Record<string, unknown> {
  const { custom_fields, ...root } = json;
  const left = Object.fromEntries(Object.entries(root).filter(([name]) => !names.has(name)));
  const custom = Object.entries((custom_fields ?? {}) as Record<string, unknown>).filter(
    ([code]) => !names.has(`custom_fields.${code}`),
  );
  return custom.length > 0 ? { ...left, custom_fields: Object.fromEntries(custom) } : left;
}

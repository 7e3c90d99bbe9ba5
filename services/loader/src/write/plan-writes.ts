import { hashOf } from '@octopipe/shared/core/canonical-json';
import type { MappedRecord, Payload, TargetKey } from '@octopipe/shared/domain/mapping/record';
import type { FieldMerge } from '../match/merge-fields.js';
import type { Canonical } from '../verify/canonical.js';
import type { Image } from '../verify/image.js';
import { type IntentState, isUnknown } from './intent-states.js';
import type { OpenPatch } from './open-patch.js';

/** What Postgres knows of a key before it is written. */
export interface KnownTarget {
  targetId: string;
  parentId: string | null;
  payload: Payload;
  payloadHash: string;
  generation: number;
  /** Of a record that stood in the account before us, the fields that we wrote; null: it is ours altogether. */
  writtenFields: string[] | null;
  /** The user that it was last sent with. */
  ownerId: string | null;
  /** What it said after our last write; null: not known, or read too late to tell our words from somebody's. */
  afterImage: Image | null;
  open: OpenPatch | null;
}

export interface KnownIntent {
  id: string;
  operation: 'create' | 'update' | 'delete';
  generation: number;
  state: IntentState;
  attempt: number;
  runId: string;
  payloadHash: string;
  code: string | null;
}

/** The latest delete of a record: a rollback's, or one that stands for a person's word (run/gone-records.ts). */
export interface KnownDelete extends Pick<KnownIntent, 'id' | 'state' | 'attempt'> {
  targetId: string;
}

/** The code of an intent that was refused together with others: nobody knows which of them was the bad one. */
export const refusedTogether = 'refused_together';

/** What is to be done with one record now. */
export type Write =
  | { kind: 'unchanged'; record: MappedRecord }
  | { kind: 'finished'; record: MappedRecord }
  | { kind: 'wait'; record: MappedRecord }
  /** A rollback that was ended may have deleted it, or a person says so: whether it stands is to be seen first (look-at-undone.ts). */
  | { kind: 'look'; record: MappedRecord; deleting: KnownDelete }
  /** Of what changed nothing can be sent, or every field is theirs: as if unchanged. */
  | { kind: 'kept'; record: MappedRecord }
  | { kind: 'create'; record: MappedRecord; generation: number; payload: Payload; alone: boolean }
  | {
      kind: 'update';
      record: MappedRecord;
      generation: number;
      targetId: string;
      parentId: string | null;
      payload: Payload;
      /** A record that stood in the account before us: mergeUpdates decides what of the payload is written, and how. */
      ofTheirs: boolean;
      /** Of one that we made, the body without what people have changed. */
      json?: Record<string, unknown>;
      merge?: FieldMerge & {
        image: Image;
        /** Of a first patch, what it may have written by now, in canonical form. */
        patched?: Canonical;
      };
    };

export type SentWrite = Extract<Write, { kind: 'create' | 'update' }>;

export function isSent(write: Write): write is SentWrite {
  return write.kind === 'create' || write.kind === 'update';
}

/**
 * Decides for each record of a batch, from rows alone:
 * its outcome stands already → finished; an earlier attempt has no known outcome → wait for the walk; a delete was about
 * to be made, or may have been → look at it;
 * known with the same hash → unchanged; known with another → update of the changed fields only; matched with a record
 * of the account → update of that; else create.
 * A refusal of an earlier run opens a new generation: the data or the account may have changed since.
 */
export function planWrites(
  records: ReadonlyArray<MappedRecord>,
  known: {
    targets: ReadonlyMap<TargetKey, KnownTarget>;
    /** The latest of those that write. */
    intents: ReadonlyMap<TargetKey, KnownIntent>;
    deletes: ReadonlyMap<TargetKey, KnownDelete>;
    /** Key → the id of the record of the account that it is. */
    matches: ReadonlyMap<TargetKey, string>;
    finished: ReadonlySet<TargetKey>;
  },
): Write[] {
  return records.map((record): Write => {
    if (known.finished.has(record.targetKey)) return { kind: 'finished', record };
    const intent = known.intents.get(record.targetKey);
    const deleting = known.deletes.get(record.targetKey);
    if ([intent, deleting].some((one) => one && isUnknown(one.state))) return { kind: 'wait', record };
    const target = known.targets.get(record.targetKey);
    if (target) {
      // One that was meant for another record of this key says nothing of this one.
      if (deleting?.state === 'planned' && deleting.targetId === target.targetId)
        return { kind: 'look', record, deleting };
      const unfinished = intent?.operation === 'update' && intent.state === 'planned' ? intent : undefined;
      // An update with another content may have arrived without our hearing of it: only all fields undo that.
      const doubtful = unfinished !== undefined && unfinished.payloadHash !== record.payloadHash;
      if (target.payloadHash === record.payloadHash && !doubtful) return { kind: 'unchanged', record };
      const generation =
        unfinished && !doubtful
          ? unfinished.generation
          : Math.max(target.generation, intent?.generation ?? 0) + 1;
      return {
        kind: 'update',
        record,
        generation,
        targetId: target.targetId,
        parentId: target.parentId,
        payload: withoutSameFile(
          target.payload,
          doubtful ? record.payload : changedFields(target.payload, record.payload),
        ),
        ofTheirs: target.writtenFields !== null,
      };
    }
    const targetId = known.matches.get(record.targetKey);
    if (targetId !== undefined) {
      const generation =
        intent?.operation === 'update' && intent.state === 'planned'
          ? intent.generation
          : (intent?.generation ?? 0) + 1;
      return {
        kind: 'update',
        record,
        generation,
        targetId,
        parentId: null,
        payload: record.payload,
        ofTheirs: true,
      };
    }
    const generation =
      intent === undefined ? 1 : intent.state === 'planned' ? intent.generation : intent.generation + 1;
    const alone = intent?.state === 'planned' && intent.code === refusedTogether;
    return { kind: 'create', record, generation, payload: record.payload, alone };
  });
}

/** The fields that differ, custom fields one by one; a field that is gone is cleared. */
export function changedFields(before: Payload, after: Payload): Payload {
  const changed: Payload = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (hashOf(before[name] ?? null) === hashOf(after[name] ?? null)) continue;
    changed[name] =
      name === 'custom_fields'
        ? changedFields((before[name] ?? {}) as Payload, (after[name] ?? {}) as Payload)
        : (after[name] ?? null);
  }
  return changed;
}

/** An update carries no file but one of another content: where the export keeps it says nothing about the record. */
function withoutSameFile(before: Payload, update: Payload): Payload {
  const known = contentOf(before);
  if (update.file === undefined || (known !== undefined && known !== contentOf(update))) return update;
  const { file: _same, ...rest } = update;
  return rest;
}

/** The hash of the content of a payload's file; undefined where it has none, or it is not known. */
function contentOf({ file }: Payload): string | undefined {
  const symbol = (file ?? {}) as { $file?: { sha256: string }; $textFile?: { sha256: string } };
  return (symbol.$file ?? symbol.$textFile)?.sha256;
}

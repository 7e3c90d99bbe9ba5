import type { ApiRequest } from '@octopipe/shared/pipedrive/http';
import { entityTable, pathOf, type RemoteRecord } from '../destination/entity-table.js';
import { imageOf } from '../verify/image.js';
import { isUnknown } from '../write/intent-states.js';
import { arrivedOf } from '../write/open-patch.js';
import { type Content, contentOf } from './content-of.js';
import { type Decision, decide } from './decide.js';
import { countsChildren, labelOf } from './links.js';
import type { SecondLook } from './look-again.js';
import type { UndoItem } from './read-undo-state.js';
import { restoreBody } from './restore-body.js';
import { besideLines } from './valued-by-lines.js';

/** A call that is to be made for one record. */
export interface UndoRequest {
  item: UndoItem;
  purpose: 'delete' | 'restore' | 'unarchive';
  operation: 'delete' | 'update';
  generation: number;
  api: ApiRequest;
  /** Fields that a restore cannot put back. */
  stuck: string[];
  /** Of a record that is theirs, the fields that stay as a person made them since. */
  edited: string[];
  label: string;
}

/** What is to be done with one record now. */
export type Undo =
  /** An earlier call of ours for it has no known outcome. */
  | { kind: 'wait'; item: UndoItem }
  | {
      kind: 'settled';
      item: UndoItem;
      decision: Exclude<Decision, { action: 'delete' | 'restore' }>;
      label: string;
      edited: string[];
      stuck: string[];
    }
  | { kind: 'send'; request: UndoRequest };

/**
 * Decides for one record of a batch, from rows and from what the account shows this moment: by the same table as the
 * look, so that what somebody did in between counts. `lines` are those of a deal, if they are ours as we wrote them.
 */
export function planUndo(
  item: UndoItem,
  look: SecondLook,
  isHeld: boolean,
  lines: ReadonlyArray<RemoteRecord>,
): Undo {
  const { ours } = item;
  if (isWaiting(item)) return { kind: 'wait', item };
  const record = typeof look === 'string' ? undefined : look;
  const said: Content = record
    ? besideLines(
        contentOf(
          {
            after: ours.afterImage,
            before: ours.beforeImage,
            written: item.written,
            arrived: arrivedOf(ours.entity, ours.open, ours.afterImage, record),
            unarchived: item.updating?.byRollback === true,
          },
          imageOf(ours.entity, record),
        ),
        record,
        lines,
      )
    : { content: 'untouched', edited: [], standing: [] };
  const isUsed = isHeld || (record !== undefined && countsChildren(ours.entity, record));
  const decision = decide({
    selected: true,
    maker: ours.maker,
    listed: look !== 'gone',
    content: said.content,
    holder: item.holder === 'none' && isUsed ? 'others' : item.holder,
  });
  if (decision.action === 'delete' || decision.action === 'restore')
    return send(item, decision.action, record, said);
  const label = record ? labelOf(record) : '';
  return { kind: 'settled', item, decision, label, edited: said.edited, stuck: [] };
}

/** Whether the parts of a record are what we made of them: none changed, none missing, none of somebody else's among them. */
export function partsAreOurs(item: Pick<UndoItem, 'parts'>, parts: ReadonlyArray<RemoteRecord>): boolean {
  const ours = new Map(item.parts.map((part) => [part.targetId, part]));
  return (
    parts.length === ours.size &&
    parts.every((part) => {
      const known = ours.get(String(part.id));
      if (known === undefined) return false;
      const arrived = arrivedOf(known.entity, known.open, known.afterImage, part);
      const images = { before: null, written: new Set<string>(), arrived, unarchived: false };
      return (
        contentOf({ after: known.afterImage, ...images }, imageOf(known.entity, part)).content === 'untouched'
      );
    })
  );
}

/** An earlier call of ours for it has no known outcome. */
export function isWaiting({ deleting, updating }: UndoItem): boolean {
  return [deleting, updating].some((intent) => intent && isUnknown(intent.state));
}

function send(
  item: UndoItem,
  action: 'delete' | 'restore',
  record: RemoteRecord | undefined,
  { edited, standing }: Content,
): Undo {
  const { entity, beforeImage } = item.ours;
  const label = record ? labelOf(record) : '';
  const rules = entityTable[entity];
  const path = pathOf(rules, item.ours);
  const update = (purpose: UndoRequest['purpose'], json: Record<string, unknown>, stuck: string[]): Undo => ({
    kind: 'send',
    request: {
      item,
      purpose,
      operation: 'update',
      generation: nextGeneration(item.updating),
      api: { operation: rules.update, path, json },
      stuck,
      edited,
      // By the name that it has afterwards.
      label: record ? labelOf({ ...record, ...json }) : '',
    },
  });
  // What is archived takes neither a change nor a delete.
  if (record?.is_archived === true) return update('unarchive', { is_archived: false }, []);
  if (action === 'delete')
    return {
      kind: 'send',
      request: {
        item,
        purpose: 'delete',
        operation: 'delete',
        generation: nextGeneration(item.deleting),
        api: { operation: rules.remove, path },
        stuck: [],
        edited: [],
        label,
      },
    };
  if (!record || beforeImage === null) throw new Error('a record is restored from its image, in sight of it');
  const { body, stuck } = restoreBody(entity, beforeImage, record, standing, item.kinds);
  if (Object.keys(body).length === 0)
    return { kind: 'settled', item, decision: { action: 'restored' }, label, edited, stuck };
  return update('restore', body, stuck);
}

/** A try that is to be repeated keeps its generation; after a known outcome a new one begins. */
function nextGeneration(latest: UndoItem['deleting']): number {
  if (latest === undefined) return 1;
  return latest.state === 'planned' ? latest.generation : latest.generation + 1;
}

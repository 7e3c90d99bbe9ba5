import { RunStopped } from '@octopipe/shared/core/errors';
import type { DestinationSchema } from '@octopipe/shared/domain/mapping/content';
import type { SharedActivityType } from '@octopipe/shared/domain/mapping/shared-activity-types';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import { sharesType } from '../destination/kind-in-subject.js';
import { type AccountSchema, isActive, RemoteActivityType } from './account-schema.js';
import { refusalOf, type Scope, saveItem, saveSharedType, tryToMake } from './apply-schema.js';
import { identity, type PlannedItem } from './plan-schema.js';

/**
 * Makes the activity types that are missing and binds those that stand, by name, in the order of the mapping. A company
 * may have only so many, and nothing tells how many: the refusal does. The kinds that are left then share a type that
 * stands, and `withKind` puts them in front of the subject. Answers which kinds these are.
 *
 * A repeat after a crash comes to the same: what was made stands in the lists, the next one is refused again.
 */
export async function applyActivityTypes(
  ctx: LoaderContext,
  account: Account,
  scope: Scope,
  schema: DestinationSchema,
  remote: AccountSchema,
  items: ReadonlyArray<PlannedItem>,
): Promise<SharedActivityType[]> {
  const planned = new Map(items.map((item) => [identity(item), item]));
  const standing = remote.activityTypes.filter(isActive);
  const shared: SharedActivityType[] = [];
  let refusal: Awaited<ReturnType<typeof tryToMake>> | undefined;
  for (const { name, iconKey } of schema.activityTypes) {
    const item = planned.get(identity({ kind: 'activity_type', entity: '', parent: '', name }));
    if (!item) throw new Error(`activity type ${name} was not planned`);
    const there = standing.find((type) => type.name === item.actualName);
    if (there) {
      if (!sharesType(item)) await saveItem(ctx, scope, item, String(there.id), there.key_string, false);
      else await share(item, there);
      continue;
    }
    if (!refusal && !sharesType(item)) {
      const json = { name: item.actualName, icon_key: iconKey };
      const outcome = await tryToMake(account, { operation: 'createActivityType', json });
      if (outcome.kind === 'ok') {
        const made = RemoteActivityType.parse(outcome.data);
        standing.push(made);
        await saveItem(ctx, scope, item, String(made.id), made.key_string, true);
        continue;
      }
      if (!saysFull(outcome)) throw refusalOf('createActivityType', outcome);
      refusal = outcome;
    }
    const lent = typeToShare(name, standing);
    if (!lent)
      throw new RunStopped(
        'no_activity_type',
        'The account takes no activity type and has none that is switched on, so no activity can be written; switch one on in Pipedrive, then resume the run.',
      );
    await share(item, lent);
  }
  return shared;

  async function share(item: PlannedItem, type: RemoteActivityType): Promise<void> {
    await saveSharedType(ctx, scope, { ...item, actualName: type.name }, String(type.id), type.key_string);
    shared.push({ kind: item.name, type: type.name });
  }
}

/** Documented by its sentence only, without a code; a token that may not add types is refused in other words. */
function saysFull(outcome: { status: number; message: string }): boolean {
  return outcome.status === 403 && /activity type.*limit/i.test(outcome.message);
}

/** All of money belongs together. */
const headOfFamily: Readonly<Record<string, string>> = {
  'Partial payment': 'Payment',
  Deposit: 'Payment',
  Refund: 'Payment',
};

/** Types that every new account has and that say least about what was done: by the key, which stays when one is renamed. */
const plainest = ['task', 'meeting', 'call'];

/**
 * The type that a kind shares: that of its family, else the plainest of the account, else its first. The same account
 * gives the same answer.
 */
export function typeToShare(
  kind: string,
  standing: ReadonlyArray<RemoteActivityType>,
): RemoteActivityType | undefined {
  const head = headOfFamily[kind];
  return (
    standing.find((type) => type.name === head) ??
    plainest.map((key) => standing.find((type) => type.key_string === key)).find((type) => type) ??
    standing[0]
  );
}

import { expect, it } from 'vitest';
import { createLoaderRig } from '../testing/loader-rig.js';
import { control, loadToEnd } from '../testing/loader-run.js';
import { matchingContent, theirAccount } from '../testing/matching-fixture.js';
import { ourRecords, overlapping, prefilledSizes, theirRecords } from '../testing/prefilled-fixture.js';

/** `npm run prefilled` takes the full size. */
const size = prefilledSizes[process.env.PREFILLED === 'full' ? 'full' : 'small'];
const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, count) => all + count, 0);

it('a customer with much of their own in the account: 30 % are matched, the rest is not touched, twice', async () => {
  const rig = await createLoaderRig({ content: matchingContent, payloads: ourRecords(size) });
  try {
    await control(rig, 'seed', theirRecords(size));
    const before = await theirAccount(rig);
    const loader = await rig.startLoader();
    const started = performance.now();
    const { run } = await loadToEnd(rig, loader, 3_000_000);
    expect(run).toMatchObject({
      status: 'done',
      reason: null,
      verified: { records: sum({ ...size }), differences: 0 },
    });
    const matched = { organizations: overlapping(size.organizations), persons: overlapping(size.persons) };
    const written = Object.fromEntries(run.phases.map((phase) => [phase.phase, phase]));
    expect(written).toMatchObject({
      organizations: { updated: matched.organizations, created: size.organizations - matched.organizations },
      persons: { updated: matched.persons, created: size.persons - matched.persons },
      deals: { updated: 0, created: size.deals },
    });

    const after = await theirAccount(rig);
    for (const list of ['organizations', 'persons', 'deals'] as const) {
      const theirs = before[list] ?? [];
      const now = after[list]?.slice(0, theirs.length) ?? [];
      const harmed = theirs.filter((record, at) => !isKept(record, now[at] ?? {}));
      expect({ list, harmed }).toEqual({ list, harmed: [] });
      const changed = theirs.filter((record, at) => JSON.stringify(record) !== JSON.stringify(now[at]));
      expect({ list, changed: changed.length }).toEqual({
        list,
        changed: matched[list as keyof typeof matched] ?? 0,
      });
    }
    // As many list pages as both sides fill, a read per batch of matched records, and one write a record.
    expect(run.tokens.spent).toBeLessThanOrEqual(run.tokens.planned);

    const ledger = await (await fetch(`${rig.sim.url}/__sim/ledger`)).text();
    const second = await loadToEnd(rig, loader, 3_000_000);
    expect(second.run).toMatchObject({
      status: 'done',
      verified: { records: sum({ ...size }), differences: 0 },
    });
    expect(await (await fetch(`${rig.sim.url}/__sim/ledger`)).text()).toBe(ledger);
    console.info(
      `pre-filled account: ${sum({ ...size })} of theirs, ${sum({ ...size })} of ours, ${sum(matched)} matched, 0 harmed, second run 0 writes, ${run.tokens.spent} of ${run.tokens.planned} planned tokens, ${Math.round((performance.now() - started) / 1_000)} s`,
    );
  } finally {
    await rig.close();
  }
}, 3_000_000);

/** Everything that was said is still said; only what was empty may be filled, and contacts added. */
function isKept(before: Record<string, unknown>, now: Record<string, unknown>): boolean {
  return Object.entries(before).every(([name, value]) => {
    if (value === null || (Array.isArray(value) && value.length === 0)) return true;
    if (Array.isArray(value))
      return value.every((entry) => JSON.stringify(now[name]).includes(JSON.stringify(entry)));
    if (name === 'custom_fields')
      return isKept(value as Record<string, unknown>, now[name] as Record<string, unknown>);
    return JSON.stringify(value) === JSON.stringify(now[name]);
  });
}

import { hashOf } from '@octopipe/shared/core/canonical-json';
import { markerFieldName, markerLine, type Payload } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { describe, expect, it } from 'vitest';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import {
  control,
  runReaches,
  type ShownRun,
  simState,
  startRun,
  until,
  writesByKey,
} from '../testing/loader-run.js';
import { rollbackReaches, standing, startRollback, undoneByKey } from '../testing/rollback-run.js';

type Row = readonly [Entity, string, Payload];
const ends = ['done', 'failed', 'waiting_person'];
const marked = (key: string) => ({ custom_fields: { [markerFieldName]: key } });
const deal = (n: string, value: string): Row => [
  'deal',
  `booking:${n}`,
  { title: n, value, currency: 'AUD', ...marked(`booking:${n}`) },
];
const product = (n: string, more: Payload = {}): Row => [
  'product',
  `service:${n}`,
  { name: n, ...more, ...marked(`service:${n}`) },
];
const line = (n: number, of: { deal?: string; product?: string; price?: string } = {}): Row => {
  const key = `booking_service:${n}`;
  return [
    'line',
    key,
    {
      deal_id: { $ref: `booking:${of.deal ?? '1'}` },
      product_id: { $ref: `service:${of.product ?? '1'}` },
      item_price: of.price ?? '10',
      quantity: '1',
      comments: markerLine(key),
    },
  ];
};
const oneToSix = [1, 2, 3, 4, 5, 6];

const linesOf = (run: ShownRun) => {
  const { planned, created, updated, unchanged, failed } =
    run.phases.find(({ phase }) => phase === 'lines') ?? {};
  return { planned, created, updated, unchanged, failed };
};

async function requests(rig: LoaderRig): Promise<Record<string, Record<string, number>>> {
  const answer = await fetch(`${rig.sim.url}/__sim/requests`);
  return ((await answer.json()) as { operations: Record<string, Record<string, number>> }).operations;
}

async function remap(rig: LoaderRig, [, targetKey, payload]: Row): Promise<void> {
  await rig.database.db
    .updateTable('transform.mappedRecord')
    .set({ payload: JSON.stringify(payload), payloadHash: hashOf(payload) })
    .where('targetKey', '=', targetKey)
    .execute();
}

/** To its end; what failed is acknowledged on the way. */
async function runToEnd(rig: LoaderRig, loader: LoaderProcess): Promise<ShownRun> {
  const { id } = await startRun(rig, loader);
  for (;;) {
    const run = await runReaches(loader, id, ends);
    if (run.status !== 'waiting_person') return run;
    expect(run.reason_code).toBe('records_failed');
    await loader.api('POST', `/v1/runs/${id}/resume`, {});
  }
}

describe('the lines of a deal', () => {
  it('a bulk call that is half carried out, and its answer lost: what stands is confirmed, the rest goes again', async () => {
    const rig = await createLoaderRig({
      payloads: [
        product('1'),
        product('2'),
        deal('1', '70'),
        ...oneToSix.map((n) => line(n, { product: String(1 + (n % 2)) })),
        line(7),
      ],
    });
    const linkable = async (is_linkable: boolean) => {
      const { products } = await simState(rig);
      const { id } = products?.find((row) => row.name === '2') ?? {};
      await control(rig, 'edit', { changes: [{ entity: 'products', id, set: { is_linkable } }] });
    };
    try {
      await control(rig, 'switches', { bulk_lines: 'partial' });
      await control(rig, 'faults', {
        rules: [
          { operation: 'createDealProducts', kind: 'reset-after', times: 1 },
          { operation: 'createDeal', kind: 'delay', delay_ms: 400 },
        ],
      });
      const loader = await rig.startLoader({ SETTLE_MS: '2000' });
      const run = await startRun(rig, loader);
      await until(async () => (await simState(rig)).products?.length === 2);
      await linkable(false);
      await until(async () => {
        const open = await rig.database.db
          .selectFrom('loader.intent')
          .select('id')
          .where('entity', '=', 'line')
          .where('state', '=', 'ambiguous')
          .execute();
        return open.length === 7;
      });
      // Three of the seven lines are of the product that could not be put on deals just now.
      expect((await simState(rig)).dealProducts).toHaveLength(4);
      await linkable(true);
      const ended = await runReaches(loader, run.id, ends);
      expect(ended).toMatchObject({ status: 'done', verified: { differences: 0 } });
      expect(linesOf(ended)).toEqual({ planned: 7, created: 7, updated: 0, unchanged: 0, failed: 0 });
      const writes = await writesByKey(rig);
      expect(Object.keys(writes).sort()).toEqual(rig.records.map(({ targetKey }) => targetKey).sort());
      expect(Object.values(writes).every((times) => times === 1)).toBe(true);
      expect(await requests(rig)).toMatchObject({
        createDealProducts: { lost: 1 },
        createDealProduct: { '2xx': 3 },
      });
    } finally {
      await rig.close();
    }
  });

  it('a bulk call refused for one bad line: that one fails alone; put right, it follows, and changes are patched', async () => {
    const rig = await createLoaderRig({
      payloads: [
        product('1'),
        product('2', { is_linkable: false }),
        deal('1', '70'),
        deal('2', '0'),
        ...oneToSix.map((n) => line(n)),
        line(7, { product: '2' }),
      ],
    });
    try {
      const loader = await rig.startLoader();
      const first = await runToEnd(rig, loader);
      expect(linesOf(first)).toEqual({ planned: 7, created: 6, updated: 0, unchanged: 0, failed: 1 });
      expect(await requests(rig)).toMatchObject({
        createDealProducts: { '4xx': 1 },
        createDealProduct: { '2xx': 6, '4xx': 1 },
      });
      const told = await rig.database.db
        .selectFrom('loader.difference')
        .select(['targetKey', 'field', 'kind'])
        .execute();
      // Not a cent is lost silently: without the line the deal is worth less than was confirmed.
      expect(told).toEqual([{ targetKey: 'booking:1', field: 'value', kind: 'changed_by_us' }]);
      const { afterImage } = await rig.database.db
        .selectFrom('loader.targetRecord')
        .select('afterImage')
        .where('targetKey', '=', 'booking:1')
        .executeTakeFirstOrThrow();
      expect(afterImage).toMatchObject({ value: '60' });

      await remap(rig, line(7));
      await remap(rig, line(1, { price: '10.35' }));
      await remap(rig, deal('1', '70.35'));
      const second = await runToEnd(rig, loader);
      expect(second).toMatchObject({ status: 'done', verified: { differences: 0 } });
      expect(linesOf(second)).toEqual({ planned: 7, created: 1, updated: 1, unchanged: 5, failed: 0 });
      expect((await simState(rig)).deals?.find((row) => row.title === '1')?.value).toBe(70.35);

      await remap(rig, line(2, { deal: '2' }));
      const third = await runToEnd(rig, loader);
      expect(linesOf(third)).toEqual({ planned: 7, created: 0, updated: 0, unchanged: 6, failed: 1 });
      const codes = await rig.database.db
        .selectFrom('loader.recordOutcome')
        .select('code')
        .where('runId', '=', third.id)
        .where('outcome', '=', 'failed')
        .execute();
      expect(codes).toEqual([{ code: 'moved' }]);
      expect(Object.values(await writesByKey(rig)).every((times) => times === 1)).toBe(true);
    } finally {
      await rig.close();
    }
  });

  it('a load that is given up at a bad line and taken back: nobody changed the value of its half-lined deal', async () => {
    const rig = await createLoaderRig({
      payloads: [
        product('1'),
        product('2', { is_linkable: false }),
        deal('1', '30'),
        ...[1, 2].map((n) => line(n, { price: '10.10' })),
        line(3, { product: '2', price: '9.80' }),
      ],
    });
    try {
      const loader = await rig.startLoader();
      const { id } = await startRun(rig, loader);
      const stopped = await runReaches(loader, id, ends);
      expect(stopped).toMatchObject({ status: 'waiting_person', reason_code: 'records_failed' });
      expect((await simState(rig)).deals?.find((row) => row.title === '1')?.value).toBe(20.2);
      expect((await loader.api('POST', `/v1/runs/${id}/cancel`, {})).status).toBe(200);
      const back = await startRollback(loader, id);
      expect(await rollbackReaches(loader, back.id)).toMatchObject({ status: 'done', reason: null });
      expect(Object.values(await undoneByKey(rig, back.id))).toEqual(Array(5).fill('deleted'));
      expect((await standing(rig)).records).toEqual([]);
    } finally {
      await rig.close();
    }
  });

  it('a line that stands twice after it was sent again: the copy is removed before the value of its deal is read', async () => {
    const note = {
      content: `Rings twice<br>${markerLine('booking:1#note')}`,
      deal_id: { $ref: 'booking:1' },
    };
    const rig = await createLoaderRig({
      payloads: [
        product('1'),
        deal('1', '60'),
        ...oneToSix.map((n) => line(n)),
        ['note', 'booking:1#note', note],
      ],
    });
    try {
      await control(rig, 'faults', {
        rules: [
          { operation: 'createDealProducts', kind: '5xx-before', times: 1 },
          { operation: 'createNote', kind: 'delay', delay_ms: 3_000 },
        ],
      });
      const loader = await rig.startLoader({ REQUEST_TIMEOUT_MS: '8000' });
      const run = await startRun(rig, loader);
      await until(async () => (await simState(rig)).dealProducts?.length === 6);
      const [{ id: _own, ...copy } = { id: 0 }] = (await simState(rig)).dealProducts ?? [];
      await control(rig, 'seed', { dealProducts: [copy] });
      const ended = await runReaches(loader, run.id, ends);
      expect(ended).toMatchObject({ status: 'done', verified: { differences: 0 } });
      const { deals = [], dealProducts = [] } = await simState(rig);
      expect(dealProducts.filter((row) => row.is_deleted !== true)).toHaveLength(6);
      expect(deals.find((row) => row.title === '1')?.value).toBe(60);
    } finally {
      await rig.close();
    }
  });
});

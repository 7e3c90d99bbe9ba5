import { describe, expect, test } from 'vitest';
import { useSimulator } from '../testing/running-simulator.js';

const sim = useSimulator();
const create = (title = 'x') => sim.api.post('/api/v2/deals', { title });

async function committed(): Promise<unknown[]> {
  return (await sim.api.ledger()).map(({ operation, body }) => [operation, body]);
}

const created = [['createDeal', { title: 'x' }]];

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition never came true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the request is not carried out', () => {
  test('429, with the usual headers and no tokens', async () => {
    await sim.api.faults([{ operation: 'createDeal', kind: '429' }]);
    const reply = await create();
    expect(reply.status).toBe(429);
    expect(reply.headers.get('retry-after')).toBeNull();
    expect(await committed()).toEqual([]);
    expect((await sim.api.requests()).tokens.today).toBe(0);
  });

  test('429-retry-after', async () => {
    await sim.api.faults([{ operation: 'createDeal', kind: '429-retry-after', retry_after_s: 7 }]);
    const reply = await create();
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, '7']);
    expect(await committed()).toEqual([]);
  });

  test('5xx-before', async () => {
    await sim.api.faults([{ operation: 'createDeal', kind: '5xx-before' }]);
    expect(await create()).toMatchObject({ status: 500, body: { code: 'ERR_UNKNOWN' } });
    expect(await committed()).toEqual([]);
  });

  test('reset-before', async () => {
    await sim.api.faults([{ operation: 'createDeal', kind: 'reset-before' }]);
    await expect(create()).rejects.toThrow();
    expect(await committed()).toEqual([]);
  });
});

describe('the request is carried out and the answer is lost', () => {
  test('reset-after', async () => {
    await sim.api.faults([{ operation: 'createDeal', kind: 'reset-after' }]);
    await expect(create()).rejects.toThrow();
    expect(await committed()).toEqual(created);
    expect((await sim.api.requests()).operations).toEqual({ createDeal: { lost: 1 } });
  });

  test('timeout-after: silence', async () => {
    await sim.api.faults([{ operation: 'createDeal', kind: 'timeout-after' }]);
    const { url, token } = sim.simulator;
    const silent = fetch(`${url}/api/v2/deals`, {
      method: 'POST',
      headers: { 'x-api-token': token, 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'x' }),
      signal: AbortSignal.timeout(300),
    });
    await expect(silent).rejects.toThrow(/timeout/);
    expect(await committed()).toEqual(created);
  });

  test('5xx-after', async () => {
    await sim.api.faults([{ operation: 'createDeal', kind: '5xx-after' }]);
    const reply = await create();
    expect(reply.status).toBe(502);
    expect(reply.headers.get('content-type')).toContain('text/html');
    expect(await committed()).toEqual(created);
  });

  test('truncated-after: a 200 whose body breaks off', async () => {
    await sim.api.faults([{ operation: 'createDeal', kind: 'truncated-after' }]);
    await expect(create()).rejects.toThrow();
    expect(await committed()).toEqual(created);
  });

  test.each(['reset-after', 'truncated-after'] as const)(
    '%s of a bulk of lines: all are there',
    async (kind) => {
      const product = await sim.api.create('/api/v2/products', { name: 'x' });
      const deal = await sim.api.create('/api/v2/deals', { title: 'x' });
      const path = `/api/v2/deals/${deal.id}/products`;
      const line = { product_id: product.id, item_price: 5, quantity: 1 };
      await sim.api.faults([{ operation: 'createDealProducts', kind }]);
      await expect(sim.api.post(`${path}/bulk`, { data: [line, line, line] })).rejects.toThrow();
      expect((await sim.api.get(path)).body.data).toHaveLength(3);
      expect((await sim.api.get(`/api/v2/deals/${deal.id}`)).body.data).toMatchObject({ value: 15 });
      const lines = (await sim.api.ledger()).filter(({ operation }) => operation === 'createDealProducts');
      expect(lines).toHaveLength(3);
    },
  );

  test('reset-after of a lead: it is found by its person and origin_id', async () => {
    const person = await sim.api.create('/api/v2/persons', { name: 'x' });
    await sim.api.faults([{ operation: 'createLead', kind: 'reset-after' }]);
    const lead = { title: 'x', person_id: person.id, origin_id: 'op:1' };
    await expect(sim.api.post('/v1/leads', lead)).rejects.toThrow();
    expect((await sim.api.get(`/v1/leads?person_id=${person.id}`)).body.data).toMatchObject([
      { origin_id: 'op:1' },
    ]);
  });

  test('late-commit: the 504 comes first, the record later', async () => {
    await sim.api.faults([{ operation: 'createDeal', kind: 'late-commit', delay_ms: 150 }]);
    expect((await create()).status).toBe(504);
    expect(await committed()).toEqual([]);
    await until(async () => (await committed()).length > 0);
    expect(await committed()).toEqual(created);
  });

  test('what is invalid stays uncommitted whatever happens to the answer', async () => {
    await sim.api.faults([{ operation: 'createDeal', kind: '5xx-after' }]);
    expect((await create(' ')).status).toBe(502);
    expect(await committed()).toEqual([]);
  });

  test('a late commit does not reach into the account after a reset', async () => {
    await sim.api.faults([{ operation: 'createDeal', kind: 'late-commit', delay_ms: 50 }]);
    await create();
    await sim.api.control('reset');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await committed()).toEqual([]);
    expect((await sim.api.state()).deals).toEqual([]);
  });
});

describe('choosing', () => {
  test('delay holds the answer back and does nothing else', async () => {
    await sim.api.faults([{ operation: '*', kind: 'delay', delay_ms: 120 }]);
    const before = performance.now();
    expect((await create()).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThanOrEqual(115);
  });

  test('skip and times count matching requests only', async () => {
    await sim.api.faults([{ operation: 'createDeal', kind: '5xx-before', skip: 1, times: 2 }]);
    const statuses: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      await sim.api.get('/v1/users/me');
      statuses.push((await create()).status);
    }
    expect(statuses).toEqual([200, 500, 500, 200, 200]);
  });

  test('the same seed strikes the same requests, another seed others', async () => {
    const pattern = async (seed: number) => {
      await sim.api.control('clock', { advance_ms: 2_000 });
      await sim.api.faults([{ operation: '*', kind: '5xx-before', probability: 0.5 }], seed);
      const statuses: number[] = [];
      for (let i = 0; i < 24; i += 1) statuses.push((await create()).status);
      return statuses;
    };
    const first = await pattern(7);
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await pattern(7)).toEqual(first);
    expect(await pattern(8)).not.toEqual(first);
  });

  test('an empty list of rules clears; an unknown operation is refused', async () => {
    await sim.api.faults([{ operation: '*', kind: '5xx-before' }]);
    await sim.api.faults([]);
    expect((await create()).status).toBe(200);
    await expect(
      sim.api.control('faults', { rules: [{ operation: 'createUnicorn', kind: 'delay' }] }),
    ).rejects.toThrow(/unknown operation/);
  });
});

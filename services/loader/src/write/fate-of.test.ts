import type { MappedRecord } from '@octopipe/shared/domain/mapping/record';
import { markerLine } from '@octopipe/shared/domain/mapping/record';
import { expect, it } from 'vitest';
import type { WriteOutcome } from '../destination/account.js';
import { fateOf } from './fate-of.js';
import type { SentWrite } from './plan-writes.js';

const record: MappedRecord = {
  targetKey: 'booking_service:12',
  entity: 'line',
  payload: {},
  payloadHash: 'h',
};
const create: SentWrite = { kind: 'create', record, generation: 1, payload: {}, alone: false };
const update: SentWrite = {
  kind: 'update',
  record,
  generation: 2,
  targetId: '77',
  parentId: null,
  payload: {},
  ofTheirs: false,
};
const ok = (data: unknown) => ({ kind: 'ok', data }) as WriteOutcome;
const refused = { kind: 'refused', status: 400, code: 'bad', message: 'no' } as WriteOutcome;
const lost = { kind: 'unknown', reason: 'timeout' } as WriteOutcome;
const row = (id: unknown, key: string) => ({ id, comments: `Clean\n${markerLine(key)}` });

it.each<[string, boolean, SentWrite, WriteOutcome, unknown]>([
  [
    'a yes with a number',
    false,
    create,
    ok({ id: 5 }),
    { kind: 'written', targetId: '5', answer: { id: 5 } },
  ],
  [
    'a yes with a uuid',
    false,
    create,
    ok({ id: 'a-b' }),
    { kind: 'written', targetId: 'a-b', answer: { id: 'a-b' } },
  ],
  ['a yes without id', false, create, ok({}), { kind: 'unknown', reason: 'answer_without_id' }],
  [
    'a yes with a strange id',
    false,
    create,
    ok({ id: null }),
    { kind: 'unknown', reason: 'answer_without_id' },
  ],
  ['a yes that is nothing', false, create, ok(null), { kind: 'unknown', reason: 'answer_without_id' }],
  ['a yes that is text', false, create, ok('5'), { kind: 'unknown', reason: 'answer_without_id' }],
  ['a yes without body', false, create, ok(undefined), { kind: 'unknown', reason: 'answer_without_id' }],
  ['a yes to an update, whatever it says', false, update, ok(undefined), { kind: 'written', targetId: '77' }],
  ['a no', false, create, refused, refused],
  ['no answer', false, create, lost, lost],
  ['a no to several at once', true, create, refused, { kind: 'not_written', reason: 'refused_together' }],
  ['no answer to several at once', true, create, lost, lost],
  [
    'a yes to several at once that names it',
    true,
    create,
    ok([row(1, 'booking_service:11'), row(2, 'booking_service:12')]),
    { kind: 'written', targetId: '2', answer: row(2, 'booking_service:12') },
  ],
  [
    'a yes to several at once that names only others',
    true,
    create,
    ok([row(1, 'booking_service:11')]),
    { kind: 'unknown', reason: 'answer_without_id' },
  ],
  [
    'a yes to several at once that is no list',
    true,
    create,
    ok(row(2, 'booking_service:12')),
    { kind: 'unknown', reason: 'answer_without_id' },
  ],
])('%s', (_what, isBulk, write, outcome, fate) => {
  expect(fateOf('line', { isBulk }, { write }, outcome)).toEqual(fate);
});

import { expect, test } from 'vitest';
import { Problem, RecordRejected, RetryLater, RunStopped, SetupError } from './errors.js';

const cause = new Error('inner');

test('each class tells its fate by fields, never by its message', () => {
  expect(new RetryLater(250, 'budget_spent', { cause })).toMatchObject({
    name: 'RetryLater',
    delayMs: 250,
    code: 'budget_spent',
    message: 'budget_spent: try again in 250 ms',
    cause,
  });
  expect(new RecordRejected('email_invalid', 'customer 17', { cause })).toMatchObject({
    name: 'RecordRejected',
    code: 'email_invalid',
    detail: 'customer 17',
    message: 'email_invalid: customer 17',
    cause,
  });
  expect(new RunStopped('token_refused', 'Connect again.', { cause })).toMatchObject({
    name: 'RunStopped',
    code: 'token_refused',
    message: 'Connect again.',
    cause,
  });
  expect(new Problem(422, 'invalid_request', 'See the fields.')).toMatchObject({
    name: 'Problem',
    status: 422,
    code: 'invalid_request',
    message: 'See the fields.',
    fields: [],
  });
  expect(new SetupError('Set PORT.', { cause })).toMatchObject({
    name: 'SetupError',
    message: 'Set PORT.',
    cause,
  });
});

test('they are told apart by class', () => {
  const all = [RetryLater, RecordRejected, RunStopped, Problem, SetupError];
  const one = [
    new RetryLater(1, 'a'),
    new RecordRejected('a', 'b'),
    new RunStopped('a', 'b'),
    new Problem(400, 'malformed_json', 'b'),
    new SetupError('a'),
  ];
  expect(one.map((error) => all.filter((type) => error instanceof type))).toEqual(all.map((type) => [type]));
  expect(one.every((error) => error instanceof Error)).toBe(true);
});

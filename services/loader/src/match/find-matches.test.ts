import { describe, expect, it } from 'vitest';
import { MatchFinder } from './find-matches.js';

type Row = Record<string, unknown>;
const person = (name: string, email?: string, phone?: string): Row => ({
  name,
  emails: email === undefined ? [] : [{ value: email, primary: true, label: 'work' }],
  phones: phone === undefined ? [] : [{ value: phone, primary: true, label: 'mobile' }],
});

function found(
  entity: 'person' | 'organization' | 'product',
  ours: Record<string, Row>,
  theirs: Record<number, Row>,
) {
  const finder = new MatchFinder(entity, 'AU');
  for (const [key, payload] of Object.entries(ours)) finder.addOurs(key, payload);
  for (const [id, record] of Object.entries(theirs)) finder.lookAtTheirs(id, record);
  return Object.fromEntries(
    finder
      .matches()
      .map(({ targetKey, reason, candidates }) => [
        targetKey,
        `${reason}: ${candidates.map(({ id, by }) => `${id} by ${by.join('+')}`).join(', ')}`,
      ]),
  );
}

describe('persons', () => {
  it.each<[string, Record<string, Row>, Record<number, Row>, Record<string, string>]>([
    [
      'same e-mail, written differently',
      { 'customer:1': person('Ann Lee', 'ann@mail.example') },
      { 7: person('Ann M. Lee', ' Ann@Mail.example ') },
      { 'customer:1': 'one_candidate: 7 by email' },
    ],
    [
      'no e-mail in common: same phone and same name, in another order',
      { 'customer:1': person('Ann Lee', undefined, '+61491570006') },
      { 7: person('Lee, Ann', 'other@mail.example', '0491 570 006') },
      { 'customer:1': 'one_candidate: 7 by phone_and_name' },
    ],
    [
      'same phone and another name: a household, not the same person',
      { 'customer:1': person('Ann Lee', undefined, '+61491570006') },
      { 7: person('Bob Lee', undefined, '0491570006') },
      {},
    ],
    [
      'two with the e-mail: a question',
      { 'customer:1': person('Ann Lee', 'ann@mail.example') },
      { 9: person('Ann Lee', 'ann@mail.example'), 7: person('A Lee', 'ann@mail.example') },
      { 'customer:1': 'several_candidates: 7 by email, 9 by email' },
    ],
    [
      'one by e-mail, another by phone and name: the e-mail is the stronger',
      { 'customer:1': person('Ann Lee', 'ann@mail.example', '+61491570006') },
      { 7: person('Ann Lee', undefined, '0491570006'), 9: person('Ann Lee', 'ann@mail.example') },
      { 'customer:1': 'one_candidate: 9 by email' },
    ],
    [
      'one record for two of ours: a question for both',
      {
        'customer:1': person('Ann Lee', 'office@mail.example'),
        'customer:2': person('Ann Lee', 'office@mail.example'),
      },
      { 7: person('Ann Lee', 'office@mail.example') },
      { 'customer:1': 'shared_candidate: 7 by email', 'customer:2': 'shared_candidate: 7 by email' },
    ],
    [
      'the address of an office: the names have no word in common',
      { 'customer:1': person('Ann Lee', 'office@mail.example') },
      { 7: person('Accounts Payable', 'office@mail.example') },
      { 'customer:1': 'names_differ: 7 by email' },
    ],
    [
      'a placeholder for an e-mail is none',
      { 'customer:1': person('Ann Lee', 'n/a') },
      { 7: person('Ann Lee', 'n/a') },
      {},
    ],
    [
      'a record that a page shows twice',
      { 'customer:1': person('Ann', 'a@mail.example') },
      { 7: person('Ann', 'a@mail.example') },
      { 'customer:1': 'one_candidate: 7 by email' },
    ],
  ])('%s', (_what, ours, theirs, expected) => {
    expect(found('person', ours, theirs)).toEqual(expected);
  });
});

describe('organizations and products', () => {
  it('organizations by name without legal form, case and punctuation', () => {
    expect(
      found(
        'organization',
        { 'customer:1#org': { name: 'Tidewater Dental Pty Ltd' }, 'customer:2#org': { name: 'Smith & Co' } },
        { 3: { name: 'TIDEWATER DENTAL' }, 4: { name: 'Smith and Company' }, 5: { name: 'Tidewater' } },
      ),
    ).toEqual({
      'customer:1#org': 'one_candidate: 3 by name',
      'customer:2#org': 'one_candidate: 4 by name',
    });
  });

  it('products by code, unless the code means something else there', () => {
    expect(
      found(
        'product',
        {
          'service:1': { name: 'Window clean', code: '1' },
          'service:2': { name: 'Lawn', code: '2' },
          'service:3': { name: 'No code' },
        },
        {
          3: { name: 'Windows, clean', code: '1' },
          4: { name: 'Gift card', code: '2' },
          5: { name: 'No code', code: null },
        },
      ),
    ).toEqual({ 'service:1': 'one_candidate: 3 by code', 'service:2': 'names_differ: 4 by code' });
  });
});

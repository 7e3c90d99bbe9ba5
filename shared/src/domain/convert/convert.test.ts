import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressKey, addressOf } from './address.js';
import { parseBool } from './bool.js';
import {
  instantFrom,
  localText,
  luxonFormat,
  minutesBetween,
  parseDay,
  parseWhen,
  utcDateAndTime,
} from './date.js';
import { durationText, parseDuration } from './duration.js';
import { companyDomain, parseEmails } from './email.js';
import { noteHtml, plainText } from './html.js';
import { parseList, withoutOptionSuffix } from './list.js';
import { addMoney, compareMoney, fillInOrder, moneyText, parseMoney, subtractMoney } from './money.js';
import { companyKey, displayName, fullName, nameKey } from './name.js';
import { parsePhones } from './phone.js';
import { cleanText, cutText, oneLine } from './text.js';

const sydney = { timeZone: 'Australia/Sydney', dateFormat: 'dd/MM/yyyy' };
const cases = (numRuns: number) => ({ numRuns, seed: 20251117 });

describe('date', () => {
  test.each([
    ['2025-03-09', '2025-03-09', null],
    ['2018/05/12', '2018-05-12', null],
    ['12/05/2018', '2018-05-12', null],
    ['1/5/2018 2:30 PM', '2018-05-01', '2018-05-01T04:30:00Z'],
    ['2025-01-01T00:30:00+11:00', '2025-01-01', '2024-12-31T13:30:00Z'],
    ['2025-01-01T00:30:00.123Z', '2025-01-01', '2025-01-01T00:30:00Z'],
    ['2025-06-30T23:30:00Z', '2025-07-01', '2025-06-30T23:30:00Z'],
    ['2025-01-01 09:00', '2025-01-01', '2024-12-31T22:00:00Z'],
  ])('%s is %s, %s', (text, day, instant) => {
    expect(parseWhen(text, sydney)).toEqual({ day, instant });
  });

  test('the hour the clocks skip moves on, the hour they repeat is the first', () => {
    expect(parseWhen('2025-10-05 02:30', sydney)?.instant).toBe('2025-10-04T16:30:00Z');
    expect(parseWhen('2025-04-06 02:30', sydney)?.instant).toBe('2025-04-05T15:30:00Z');
    expect(parseWhen('2025-03-30 01:30', { ...sydney, timeZone: 'Europe/London' })?.instant).toBe(
      '2025-03-30T01:30:00Z',
    );
    expect(parseWhen('2025-10-26 01:30', { ...sydney, timeZone: 'Europe/London' })?.instant).toBe(
      '2025-10-26T00:30:00Z',
    );
  });

  test.each([
    '0000-00-00',
    '1970-01-01',
    '31/02/2025',
    '2025-02-29',
    '0218-01-01',
    '2108-01-01',
    'soon',
    '2025-01-01T25:00',
    '13/13/2025',
  ])('%s is no date', (text) => {
    expect(parseWhen(text, sydney)).toBeUndefined();
  });

  test('a day is midnight of the tenant’s zone; times read back in it', () => {
    expect(instantFrom({ day: '2021-03-09', instant: null }, sydney)).toBe('2021-03-08T13:00:00Z');
    expect(localText({ day: '2025-01-01', instant: '2024-12-31T13:30:00Z' }, sydney)).toBe(
      '2025-01-01 00:30',
    );
    expect(utcDateAndTime('2024-12-31T13:30:00Z')).toEqual({ date: '2024-12-31', time: '13:30' });
    expect(minutesBetween('2024-12-31T13:30:00Z', '2024-12-31T17:00:00Z')).toBe(210);
    expect(minutesBetween('2024-12-31T13:30:00Z', '2024-12-31T13:30:00Z')).toBeUndefined();
  });

  test('the manifest’s format letters are understood', () => {
    expect(['DD/MM/YYYY', 'MM-DD-YYYY', 'dd.MM.yyyy', 'D MMM YYYY', 'ISO'].map(luxonFormat)).toEqual([
      'dd/MM/yyyy',
      'MM-dd-yyyy',
      'dd.MM.yyyy',
      'd MMM yyyy',
      'iso',
    ]);
  });

  test('any local time of any zone reads back as itself, unless the clocks skip it', () => {
    const zones = fc.constantFrom(
      'Australia/Sydney',
      'Europe/London',
      'America/New_York',
      'Asia/Dubai',
      'Pacific/Auckland',
      'UTC',
    );
    const times = fc.date({
      min: new Date('1990-01-02T00:00Z'),
      max: new Date('2090-01-01T00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(times, zones, (time, timeZone) => {
        const local = time.toISOString().slice(0, 16).replace('T', ' ');
        const settings = { timeZone, dateFormat: 'iso' };
        const when = parseWhen(local, settings);
        expect(when?.day).toBe(local.slice(0, 10));
        const back = when && localText(when, settings);
        const lateBy = Date.parse(`${back?.replace(' ', 'T')}Z`) - Date.parse(`${local.replace(' ', 'T')}Z`);
        expect(lateBy === 0 || (lateBy > 0 && lateBy <= 3_600_000)).toBe(true);
      }),
      cases(2_000),
    );
  });

  test('whatever stands in a cell, reading it ends in a day or in nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        expect(parseDay(text, sydney) ?? '2000-01-01').toMatch(/^\d{4}-\d\d-\d\d$/);
      }),
      cases(1_000),
    );
  });
});

describe('money', () => {
  test.each([
    ['1234.50', '1234.5'],
    ['$1,234.50', '1234.5'],
    ['A$99', '99'],
    ['1.234,50', '1234.5'],
    ['(45.00)', '-45'],
    ['AUD 12', '12'],
    ['12 AUD', '12'],
    ['-5', '-5'],
    ['5-', '-5'],
    ['-$5.00', '-5'],
    ["1'234.50", '1234.5'],
    ['12,5', '12.5'],
    ['1,234', '1234'],
    ['1,234,567', '1234567'],
    ['0,125', '0.125'],
    ['-0,075', '-0.075'],
    ['1234,567', '1234.567'],
    [',125', '0.125'],
    ['＄12.00', '12'],
    ['¤12.00', '12'],
    ['.50', '0.5'],
    ['0.00', '0'],
    ['0.1', '0.1'],
    ['9007199254740993.07', '9007199254740993.07'],
  ])('%s is %s', (text, amount) => {
    expect(parseMoney(text, 'AUD')).toBe(amount);
  });

  test.each([
    '',
    'two hundred and 12',
    'USD 12',
    '€ EUR 5',
    '€12.00',
    '12,50 £',
    '₹ 100',
    '1.2.3,4,5',
    '(45',
    '--5',
    '12 34x',
    '1/2',
  ])('%s is no amount', (text) => {
    expect(parseMoney(text, 'AUD')).toBeUndefined();
  });

  test('a sign is of the currencies that write it; where no currency is set, any may stand', () => {
    expect(parseMoney('€12.00', 'EUR')).toBe('12');
    expect(parseMoney('$12.00', 'CAD')).toBe('12');
    expect(parseMoney('$12.00', 'EUR')).toBeUndefined();
    expect(parseMoney('€12.00', '')).toBe('12');
  });

  test('sums are exact and texts readable', () => {
    expect(addMoney(['0.1', '0.2'])).toBe('0.3');
    expect(subtractMoney('265.10', '25')).toBe('240.1');
    expect(moneyText('240.1', 'AUD')).toBe('AUD 240.10');
    expect(fillInOrder('150', ['100', '100', '100'])).toEqual(['100', '50', '0']);
  });

  test('an amount written in any form reads as itself', () => {
    const forms = [
      (text: string) => text,
      (text: string) => `$${text}`,
      (text: string) => `AUD ${text}`,
      (text: string) => text.replace(/\B(?=(\d{3})+(?!\d)(?=.*\.))/g, ','),
      (text: string) =>
        text
          .replace(/\B(?=(\d{3})+(?!\d)(?=.*\.))/g, ',')
          .replace(/[.,]/g, (mark) => (mark === '.' ? ',' : '.')),
    ];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 11 }), fc.constantFrom(...forms), (cents, form) => {
        const plain = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
        const read = parseMoney(form(plain), 'AUD');
        expect(read === undefined ? plain : moneyText(read, 'AUD')).toBe(`AUD ${plain}`);
      }),
      cases(2_000),
    );
  });

  test('shares of any amount over any parts add up to the amount', () => {
    const amount = fc.integer({ min: -10_000, max: 10 ** 7 }).map((cents) => (cents / 100).toFixed(2));
    fc.assert(
      fc.property(amount, fc.array(amount, { minLength: 1, maxLength: 8 }), (total, parts) => {
        expect(compareMoney(addMoney(fillInOrder(total, parts)), total)).toBe(0);
      }),
      cases(1_000),
    );
  });
});

describe('phone and e-mail', () => {
  test.each([
    ['0412 345 678', ['+61412345678']],
    ['(02) 9000 0000', ['+61290000000']],
    ['+44 7700 900123', ['+447700900123']],
    ['02 5550 0101 ext 12', ['+61255500101 ext. 12']],
    ['0491 570 006 / 0491 570 156', ['+61491570006', '+61491570156']],
  ])('%s is %s', (text, values) => {
    expect(parsePhones(text, 'AU')).toEqual(values.map((value) => ({ value, readable: true })));
  });

  test.each(['6.14E+10', 'ask Paolo', '12', 'call 0491 570 006 after 6'])('%s stays as it is', (text) => {
    expect(parsePhones(text, 'AU')).toEqual([{ value: text, readable: false }]);
  });

  test.each([
    ['Jane@X.Example ', ['jane@x.example'], 0],
    ['a@x.example; b@y.example', ['a@x.example', 'b@y.example'], 0],
    ['Jane Doe <jane@x.example>', ['jane@x.example'], 0],
    ['jane@x.example.', ['jane@x.example'], 0],
    ['n/a', [], 0],
    ['none@none.com', [], 1],
    ['jane@', [], 1],
    ['jane at home', [], 1],
    ['jane@x.example, bob@', ['jane@x.example'], 1],
  ])('%s has %j', (text, valid, invalid) => {
    expect(parseEmails(text)).toEqual({ valid, invalid });
  });

  test('a free provider says nothing about a company', () => {
    expect(companyDomain('karen@tidewaterdental.example')).toBe('tidewaterdental.example');
    expect(companyDomain('karen@gmail.com')).toBeUndefined();
  });

  test('whatever a person types, phones and e-mails keep it or say that it is not one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (text) => {
        for (const phone of parsePhones(text, 'AU'))
          expect(phone.readable ? phone.value.startsWith('+') : phone.value === text).toBe(true);
        for (const email of parseEmails(text).valid) expect(email).toMatch(/^[^\s@]+@[^\s@]+$/);
      }),
      cases(1_000),
    );
  });
});

describe('text and HTML', () => {
  test('the text behind an inline picture is kept, however large the picture', () => {
    const picture = `<img src="data:image/png;base64,${'A'.repeat(2_500_000)}">`;
    expect(plainText(`<p>Hello</p>${picture}<p>Gate 4711</p>`)).toBe('Hello\nGate 4711');
  });

  test('HTML becomes readable text, scripts and pixels go, text with < stays', () => {
    expect(
      plainText(
        '<p>Allergic to <b>citrus</b> cleaners.<br>Rinse &amp; dry.</p><ul><li>Oven</li><li>Hood</li></ul>',
      ),
    ).toBe('Allergic to citrus cleaners.\nRinse & dry.\n- Oven\n- Hood');
    expect(plainText('Hi<script>alert("x")</script><img src="https://pixel.example/o.gif"> there<br>')).toBe(
      'Hi there',
    );
    expect(plainText('a < b and <3 you')).toBe('a < b and <3 you');
    expect(plainText('=HYPERLINK("https://prize.example","Click")')).toBe(
      '=HYPERLINK("https://prize.example","Click")',
    );
  });

  test('control characters, lone surrogates and mixed line ends go; emoji families and right-to-left names stay', () => {
    expect(cleanText('a\u0000b\r\nc\rd\u200B\ud800 ')).toBe('ab\nc\nd');
    expect(cleanText('👩🏽‍🍳 ليلى حداد e\u0301')).toBe('👩🏽‍🍳 ليلى حداد é');
    expect(oneLine(' a \n b\u00a0c ')).toBe('a b c');
  });

  test('a cut text fits, is well-formed and says that it was cut', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.integer({ min: 2, max: 50 }),
        (text, limit) => {
          const clean = cleanText(text);
          const result = cutText(clean, limit);
          expect(result.text.length).toBeLessThanOrEqual(limit);
          expect(result.cut).toBe(clean.length > limit);
          expect(/\p{Surrogate}/u.test(result.text)).toBe(false);
        },
      ),
      cases(1_000),
    );
  });

  test('no text of the source is ever markup in a note', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
        const html = noteHtml(cleanText(`<b>${text}</b>`));
        expect(html.replaceAll('<br>', '')).not.toMatch(/[<>"']/);
        expect(html).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39);)/);
      }),
      cases(1_000),
    );
  });

  test('cleaning twice changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(cleanText(cleanText(text))).toBe(cleanText(text));
      }),
      cases(1_000),
    );
  });
});

describe('lists, words and names', () => {
  test('labels with a delimiter in them stay whole where the options are known', () => {
    const options = ['Study', 'Nursery, upstairs', 'Garage'];
    expect(parseList('["Study","Nursery, upstairs"]', options)).toEqual(['Study', 'Nursery, upstairs']);
    expect(parseList('Study, Nursery, upstairs', options)).toEqual(['Study', 'Nursery, upstairs']);
    expect(parseList('nursery, upstairs (+$5.00, +10 min); Garage', options)).toEqual([
      'Nursery, upstairs',
      'Garage',
    ]);
    expect(parseList('Attic|Study', options)).toEqual(['Attic', 'Study']);
    expect(parseList('a\nb, c')).toEqual(['a', 'b, c']);
    expect(parseList('[see notes]')).toEqual(['[see notes]']);
    expect(parseList('[101, 102]')).toEqual(['101', '102']);
  });

  test('an option’s suffix goes, a remark in brackets stays', () => {
    expect(withoutOptionSuffix('Large Home (+$50.00, +30 min)')).toBe('Large Home');
    expect(withoutOptionSuffix('Window (inside)')).toBe('Window (inside)');
  });

  test.each([
    ['90', 90],
    ['1h 30m', 90],
    ['01:30', 90],
    ['1.5', 90],
    ['2 hours', 120],
    ['45 min', 45],
    ['soon', undefined],
    ['', undefined],
  ])('duration %s is %s', (text, minutes) => {
    expect(parseDuration(text)).toBe(minutes);
  });

  test('durations are hours and minutes below a hundred hours', () => {
    expect([durationText(210), durationText(1_500), durationText(6_000), durationText(0)]).toEqual([
      '03:30',
      '25:00',
      undefined,
      undefined,
    ]);
  });

  test('yes and no in the dialects of exports', () => {
    expect(['TRUE', 'Yes', 'on', '✓', '1'].map(parseBool)).toEqual([true, true, true, true, true]);
    expect(['no', 'Off', '0'].map(parseBool)).toEqual([false, false, false]);
    expect(parseBool('perhaps')).toBeUndefined();
  });

  test('names', () => {
    expect(fullName(' Zoë ', 'Brontë-Fairweather')).toBe('Zoë Brontë-Fairweather');
    expect(fullName(undefined, '')).toBeUndefined();
    expect(displayName('Lovelace, Ada')).toBe('Ada Lovelace');
    expect(displayName('Tidewater Dental, Pty Ltd')).toBe('Tidewater Dental, Pty Ltd');
    expect(nameKey('O’Shanassy, Renée')).toBe(nameKey("o'shanassy renee"));
    expect(companyKey('Gull & Anchor Realty Pty. Ltd.')).toBe(companyKey('GULL AND ANCHOR REALTY'));
  });

  test('addresses: parts, one line, and what makes two spellings one place', () => {
    expect(
      addressOf({
        unit: '3',
        street_number: '88',
        street_address: 'Figtree Parade',
        suburb: 'Neutral Bay',
        state: 'NSW',
        postcode: '2089',
      }),
    ).toEqual({
      value: '3, 88 Figtree Parade, Neutral Bay NSW 2089',
      subpremise: '3',
      street_number: '88',
      route: 'Figtree Parade',
      locality: 'Neutral Bay',
      admin_area_level_1: 'NSW',
      postal_code: '2089',
    });
    expect(addressOf({ address: '402 Anchor Parade, Balmain' })).toEqual({
      value: '402 Anchor Parade, Balmain',
    });
    expect(addressOf({ street_address: '14 Wattlebird Street' })).toMatchObject({
      street_number: '14',
      route: 'Wattlebird Street',
    });
    expect(addressOf({})).toBeUndefined();
    const a = addressOf({ street_number: '19', street_address: 'Café Row', suburb: 'Manly', country: 'AU' });
    const b = addressOf({ street_number: '19', street_address: 'CAFE ROW', suburb: 'manly' });
    expect(a && addressKey(a)).toBe(b && addressKey(b));
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { registry } from '../objects/registry.js';
import {
  fileNameWithMarker,
  findMarker,
  findMarkerInFileName,
  keyOfMarker,
  markerField,
  markerLine,
  markerOf,
  roomInName,
  targetKeyOf,
} from './record.js';

/** Ids as exports have them, and what they never should: signs, brackets, other scripts, what our own carriers use. */
const strange = fc.string({
  unit: fc.constantFrom(...'aA1 -_.:/#~^%&<>"\'()[]·,;@\\\u00a0é日😀'),
  minLength: 1,
});
const anyId = fc.oneof(strange, fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }));
const slot = fc.constantFrom(undefined, 'activity', 'note', '2', 'line12', 'field-7');

describe('the marker of a key', () => {
  test.each([
    ['payment', '4411', undefined, 'payment:4411', 'payment-4411'],
    ['customer', '12', '2', 'customer:12#2', 'customer-12~2'],
    ['booking', 'BOK-194_a.b', 'visit', 'booking:BOK-194_a.b#visit', 'booking-BOK-194_a.b~visit'],
    ['invoice', 'RCPT#1001', undefined, 'invoice:RCPT#1001', 'invoice-RCPT~1001'],
    ['form_response', 'a%20b', '12', 'form_response:a%20b#12', undefined],
    ['quote', '2025/03:7', undefined, 'quote:2025/03:7', undefined],
  ])('of a plain id is the key itself, as accounts have it: %s %s', (object, id, place, text, inName) => {
    const key = targetKeyOf(object, id, place);
    expect([key, markerOf(key)]).toEqual([text, text]);
    expect(markerLine(key, 'INV-1')).toBe(`OctopusPro ${text} · INV-1`);
    expect(markerField(key)).toEqual(['OctopusPro ID', { value: text, text }]);
    if (inName) expect(fileNameWithMarker('a.pdf', key)).toBe(`a (OctopusPro ${inName}).pdf`);
  });

  test('holds no sign that HTML, a file store or a trimmed field would change', () => {
    const key = targetKeyOf('payment', 'RCPT  10&01 (2)');
    expect(key).toBe('payment:RCPT  10&01 (2)');
    expect(markerOf(key)).toBe('payment:RCPT^20^2010^2601^20^282^29');
    fc.assert(
      fc.property(anyId, slot, (id, place) => {
        const long = targetKeyOf('customer_property', id, place);
        expect(markerOf(long)).toMatch(/^[\w.:/#%^-]{1,220}$/);
        expect(fileNameWithMarker('', long)).toMatch(/^ \(OctopusPro [\w.~^-]{1,220}\)$/);
        expect(roomInName(long)).toBeGreaterThan(20);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is found again for any id in texts and names, whatever is said beside it', () => {
    fc.assert(
      fc.property(anyId, slot, anyId, (id, place, words) => {
        const key = targetKeyOf('payment', id, place);
        expect(findMarker(`${words}\n${markerLine(key, words)}`)).toBe(key);
        expect(findMarkerInFileName(fileNameWithMarker(`${words}.pdf`, key))).toBe(key);
        expect(keyOfMarker(markerOf(key))).toBe(key);
      }),
      { numRuns: 2_000 },
    );
  });

  test('two ids never share a key or a marker', () => {
    const looksAlike = [
      'a b',
      'a  b',
      'A b',
      'a_b',
      'a%20b',
      'a^20b',
      'a\u00a0b',
      'a',
      'a#note',
      'a^23note',
      'a#2',
    ];
    const long = ['x'.repeat(400), `${'x'.repeat(399)}y`];
    const keys = [...looksAlike, ...long].flatMap((id) =>
      [undefined, 'note', '2'].map((place) => targetKeyOf('customer', id, place)),
    );
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(keys.map(markerOf)).size).toBe(keys.length);
    fc.assert(
      fc.property(strange, slot, strange, slot, (one, place, other, otherPlace) => {
        fc.pre(one !== other || place !== otherPlace);
        expect(targetKeyOf('customer', one, place)).not.toBe(targetKeyOf('customer', other, otherPlace));
      }),
      { numRuns: 2_000 },
    );
  });

  test('an id that reads like another one with a slot is written otherwise, for each slot there is', () => {
    const patterns = registry.flatMap(({ produces }) => produces.map(({ key }) => key));
    const slots = patterns.flatMap(
      (key) => /^([a-z_]+):<id>#([a-z]+(?:-<field id>)?)$/.exec(key)?.slice(1) ?? [],
    );
    expect(slots.length).toBeGreaterThan(10);
    for (let at = 0; at < slots.length; at += 2) {
      const [object = '', named = ''] = slots.slice(at, at + 2);
      const place = named.replace('<field id>', '7');
      expect(targetKeyOf(object, `5#${place}`)).not.toBe(targetKeyOf(object, '5', place));
    }
  });

  test('what stood in the account before signs were escaped is read as it is', () => {
    expect(keyOfMarker('customer:RCPT 1001')).toBe('customer:RCPT 1001');
    expect(findMarker('Paid<br><br>OctopusPro payment:a@b · INV-1')).toBe('payment:a@b');
    expect(findMarkerInFileName('a (OctopusPro attachment-RCPT 1001).pdf')).toBe('attachment:RCPT 1001');
    expect(keyOfMarker('customer:50^FF')).toBe('customer:50^FF');
  });

  test('the last line counts, and a name of ours that is exported again has lost its old marker', () => {
    expect(findMarker('<p>OctopusPro note:1</p><p>OctopusPro&nbsp;note:2&nbsp;· 7</p>')).toBe('note:2');
    const again = fileNameWithMarker('a (OctopusPro attachment-1).b (OctopusPro x-2)', 'attachment:9');
    expect(findMarkerInFileName(again)).toBe('attachment:9');
  });
});

import { IANAZone } from 'luxon';

/** How to read times without an offset and dates that are not ISO: settings of the tenant (octopuspro-export.md 0.1 no. 6). */
export interface DateSettings {
  timeZone: string;
  /** `iso` or a luxon format, e.g. `dd/MM/yyyy`. */
  dateFormat: string;
}

/** A moment, or a day when the source gives no time. */
export interface When {
  /** The calendar day in the tenant's zone, YYYY-MM-DD. */
  day: string;
  /** RFC 3339 UTC with seconds; null when the source gives a day only. */
  instant: string | null;
}

/** Reads a date or date-time; undefined for what cannot be read, does not exist or is a sentinel such as 0000-00-00. */
export function parseWhen(text: string | undefined, settings: DateSettings): When | undefined {
  if (text === undefined) return undefined;
  const parts = isoParts(text.trim()) ?? tenantParts(text.trim(), settings.dateFormat);
  if (!parts || !exists(parts) || isSentinel(parts)) return undefined;
  if (parts.time === undefined) return { day: dayText(parts), instant: null };
  const at = instantOf(parts, parts.time, settings.timeZone);
  if (at === undefined) return undefined;
  return {
    day: parts.time.offset === undefined ? dayText(parts) : dayIn(at, settings.timeZone),
    instant: rfc3339(at),
  };
}

/** The calendar day in the tenant's zone, YYYY-MM-DD. */
export function parseDay(text: string | undefined, settings: DateSettings): string | undefined {
  return parseWhen(text, settings)?.day;
}

/** RFC 3339 UTC; a day without a time counts from midnight in the tenant's zone. */
export function instantFrom(when: When, settings: DateSettings): string {
  if (when.instant !== null) return when.instant;
  const [year = 0, month = 0, day = 0] = when.day.split('-').map(Number);
  return rfc3339(localToUtc(Date.UTC(year, month - 1, day), settings.timeZone));
}

/** UTC date and clock time of an instant, as activities want them: together, because the zone may move the date. */
export function utcDateAndTime(instant: string): { date: string; time: string } {
  return { date: instant.slice(0, 10), time: instant.slice(11, 16) };
}

/** `9 March 2025, 14:30` style times confuse across zones: people read day and time of the tenant's zone, ISO order. */
export function localText(when: When, settings: DateSettings): string {
  if (when.instant === null) return when.day;
  return wallClock(Date.parse(when.instant), settings.timeZone).slice(0, 16).replace('T', ' ');
}

/** Whole minutes from one instant to another; undefined when either is missing or the end is not after the start. */
export function minutesBetween(
  start: string | null | undefined,
  end: string | null | undefined,
): number | undefined {
  if (!start || !end) return undefined;
  const minutes = Math.round((Date.parse(end) - Date.parse(start)) / 60_000);
  return minutes > 0 ? minutes : undefined;
}

/** Turns the format of a manifest (`DD/MM/YYYY`, moment's letters) into luxon's; luxon formats pass unchanged. */
export function luxonFormat(format: string): string {
  if (format.toLowerCase() === 'iso') return 'iso';
  return format
    .replace(/Y/g, 'y')
    .replace(/D/g, 'd')
    .replace(/\bm(m?)\b/g, (_, second: string) => (second ? 'MM' : 'M'));
}

interface Clock {
  hour: number;
  minute: number;
  second: number;
  /** Minutes east of UTC; undefined when the text does not say. */
  offset: number | undefined;
}

interface Parts {
  year: number;
  month: number;
  day: number;
  time: Clock | undefined;
}

const iso =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;
// The documented import template writes 2018/05/12.
const isoWithSlashes = /^(\d{4})\/(\d{1,2})\/(\d{1,2})$/;

function isoParts(text: string): Parts | undefined {
  const match = iso.exec(text) ?? isoWithSlashes.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, offset] = match;
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    time:
      hour === undefined
        ? undefined
        : {
            hour: Number(hour),
            minute: Number(minute),
            second: Number(second ?? 0),
            offset: offset === undefined ? undefined : offsetMinutes(offset),
          },
  };
}

function offsetMinutes(text: string): number {
  if (text.toUpperCase() === 'Z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return text.startsWith('-') ? -minutes : minutes;
}

/**
 * The tenant's own format, leniently: one digit or two, month names, an optional time in 12 or 24 hours. The same rules
 * by which assessing judges dates (ingest/assess/row-checks.ts).
 */
function tenantParts(text: string, format: string): Parts | undefined {
  const match = format === 'iso' ? null : patternOf(format)?.exec(text);
  if (!match?.groups) return undefined;
  const { y = '', m = '', d = '', rest = '' } = match.groups;
  const time = rest.trim() === '' ? undefined : clockOf(rest);
  if (rest.trim() !== '' && !time) return undefined;
  const month = /^\d/.test(m) ? Number(m) : monthNames.indexOf(m.slice(0, 3).toLowerCase()) + 1;
  return { year: y.length === 2 ? 2000 + Number(y) : Number(y), month, day: Number(d), time };
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function clockOf(text: string): Clock | undefined {
  const match =
    /^[T ,]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?\s*([ap])?\.?m?\.?\s*(Z|[+-]\d{2}:?\d{2})?$/i.exec(
      text,
    );
  if (!match) return undefined;
  const [, hour, minute, second, half, offset] = match;
  const isTwelve = half !== undefined && Number(hour) <= 12;
  return {
    hour: isTwelve ? (Number(hour) % 12) + (half.toLowerCase() === 'p' ? 12 : 0) : Number(hour),
    minute: Number(minute),
    second: Number(second ?? 0),
    offset: offset === undefined ? undefined : offsetMinutes(offset),
  };
}

/** One format per export: made once, used for every cell. */
const patterns = new Map<string, RegExp | undefined>();

function patternOf(format: string): RegExp | undefined {
  if (!patterns.has(format)) patterns.set(format, makePattern(format));
  return patterns.get(format);
}

function makePattern(format: string): RegExp | undefined {
  const source = format
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/y{1,4}|[ML]{1,4}|d{1,2}/g, (token) => {
      if (token.startsWith('y')) return token.length === 2 ? '(?<y>\\d{2})' : '(?<y>\\d{4})';
      if (token.startsWith('d')) return '(?<d>\\d{1,2})';
      return token.length > 2 ? '(?<m>[A-Za-z]{3,9})' : '(?<m>\\d{1,2})';
    });
  try {
    return new RegExp(`^${source}(?<rest>.*)$`);
  } catch {
    // A letter twice in the format: no date format at all, so nothing but ISO can be read.
    return undefined;
  }
}

function exists({ year, month, day, time }: Parts): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  const sameDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return sameDay && (time === undefined || (time.hour <= 23 && time.minute <= 59 && time.second <= 59));
}

/** D09: years before field services had computers or after anyone's plans, and the epoch that stands for "nothing". */
function isSentinel({ year, month, day }: Parts): boolean {
  return year < 1900 || year > 2100 || (year === 1970 && month === 1 && day === 1);
}

function instantOf(parts: Parts, time: Clock, timeZone: string): number | undefined {
  const local = Date.UTC(parts.year, parts.month - 1, parts.day, time.hour, time.minute, time.second);
  return time.offset === undefined ? localToUtc(local, timeZone) : local - time.offset * 60_000;
}

/**
 * A wall-clock time in a zone, as UTC. The rule for the hour that clocks skip or repeat (D11): a repeated time is
 * the first of the two, a skipped one moves on by the length of the gap.
 */
function localToUtc(local: number, timeZone: string): number {
  const before = offsetAt(local - dayMs, timeZone);
  const after = offsetAt(local + dayMs, timeZone);
  const candidates = [local - before * 60_000, local - after * 60_000]
    .filter((at, index) => offsetAt(at, timeZone) === (index === 0 ? before : after))
    .sort((a, b) => a - b);
  return candidates[0] ?? local - before * 60_000;
}

const dayMs = 86_400_000;

/** Offsets of whole UTC days, by zone: asking the zone costs some 10 µs, and the dates of an export lie close together. */
const dayOffsets = new Map<string, Map<number, number | undefined>>();

/** Minutes east of UTC. On a day that begins and ends with the same offset it is that one; else the zone is asked. */
function offsetAt(at: number, timeZone: string): number {
  const days = dayOffsets.get(timeZone) ?? new Map<number, number | undefined>();
  dayOffsets.set(timeZone, days);
  const day = Math.floor(at / dayMs);
  if (!days.has(day)) {
    const zone = IANAZone.create(timeZone);
    const first = zone.offset(day * dayMs);
    days.set(day, zone.offset((day + 1) * dayMs) === first ? first : undefined);
  }
  return days.get(day) ?? IANAZone.create(timeZone).offset(at);
}

/** What the clocks of the zone show, in the form of Date.toISOString. */
function wallClock(at: number, timeZone: string): string {
  return new Date(at + offsetAt(at, timeZone) * 60_000).toISOString();
}

function dayIn(at: number, timeZone: string): string {
  return wallClock(at, timeZone).slice(0, 10);
}

function dayText({ year, month, day }: Parts): string {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function rfc3339(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

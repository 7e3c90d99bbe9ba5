/**
 * Wall-clock time of the tenant (Australia/Sydney) as whole minutes since 1970, written with its offset.
 * The zone's rule by hand, because a zone look-up per cell is what a large package would spend its time on; a test
 * compares it with the zone database.
 */
export const timeZone = 'Australia/Sydney';
export const dayMinutes = 1440;

/** When the export was taken: fixed, so that a seed always gives the same bytes. */
export const exportedAt = minutesOf(2025, 11, 17, 18);
export const today = Math.floor(exportedAt / dayMinutes);

export function minutesOf(year: number, month: number, day: number, hour = 0): number {
  return Date.UTC(year, month - 1, day, hour) / 60_000;
}

export function dayText(day: number): string {
  const { year, month, date } = civil(day);
  return `${year}-${two(month)}-${two(date)}`;
}

export function instantText(minutes: number): string {
  // The hour that clocks skip does not exist: it moves on by the gap (D11).
  const whole = Math.floor(minutes) + (isSkipped(Math.floor(minutes)) ? 60 : 0);
  const ofDay = whole - Math.floor(whole / dayMinutes) * dayMinutes;
  const clock = `${two(Math.floor(ofDay / 60))}:${two(ofDay % 60)}`;
  return `${dayText(Math.floor(whole / dayMinutes))}T${clock}:00${isSummerTime(whole) ? '+11:00' : '+10:00'}`;
}

/** Summer time runs from 02:00 on the first Sunday of October to 03:00 on the first Sunday of April. */
export function isSummerTime(minutes: number): boolean {
  const { year } = civil(Math.floor(minutes / dayMinutes));
  const { end, start } = changesOf(year);
  return minutes < end || minutes >= start;
}

function isSkipped(minutes: number): boolean {
  const { start } = changesOf(civil(Math.floor(minutes / dayMinutes)).year);
  return minutes >= start && minutes < start + 60;
}

export function isWeekend(day: number): boolean {
  return weekday(day) === 0 || weekday(day) === 6;
}

/** The day itself, or the nearest one before that is (not) in a weekend. */
export function latestDay(day: number, weekend: boolean): number {
  let found = day;
  while (isWeekend(found) !== weekend) found -= 1;
  return found;
}

/** 0 = Sunday. */
function weekday(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

const changes = new Map<number, { end: number; start: number }>();

function changesOf(year: number): { end: number; start: number } {
  const known = changes.get(year);
  if (known) return known;
  const firstSunday = (month: number) => {
    const first = minutesOf(year, month, 1) / dayMinutes;
    return first + ((7 - weekday(first)) % 7);
  };
  const made = { end: firstSunday(4) * dayMinutes + 180, start: firstSunday(10) * dayMinutes + 120 };
  changes.set(year, made);
  return made;
}

/** Howard Hinnant's civil_from_days. */
function civil(day: number): { year: number; month: number; date: number } {
  const z = day + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor(
    (doe - Math.floor(doe / 1460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365,
  );
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return {
    year: yoe + era * 400 + (month <= 2 ? 1 : 0),
    month,
    date: doy - Math.floor((153 * mp + 2) / 5) + 1,
  };
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

const dateForm = /^(\d{4})-(\d{2})-(\d{2})$/;
const rfc3339Form = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$/;
const sqlForm = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;

export function isDate(value: string): boolean {
  if (!dateForm.test(value)) return false;
  const parsed = new Date(`${value}T00:00:00Z`);
  // new Date turns 30 February into 2 March; the round trip notices.
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().slice(0, 10) === value;
}

/** Whole seconds only: fractions were seen refused. */
export function isRfc3339(value: string): boolean {
  return rfc3339Form.test(value) && isDate(value.slice(0, 10)) && !Number.isNaN(Date.parse(value));
}

export function isSqlTime(value: string): boolean {
  return sqlForm.test(value) && isDate(value.slice(0, 10)) && isTimeOfDay(value.slice(11));
}

export function isTimeOfDay(value: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(value);
}

/** Due times and durations; a duration may exceed a day. */
export function isHoursMinutes(value: string): boolean {
  return /^\d{2,3}:[0-5]\d(:[0-5]\d)?$/.test(value);
}

export function isTimeZone(value: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    // Intl has no other way of asking whether a zone exists.
    return false;
  }
}

const checks: Readonly<Record<string, (value: string) => boolean>> = {
  date: isDate,
  'date-time': isRfc3339,
  'sql-time': isSqlTime,
  'hours-minutes': isHoursMinutes,
  uuid: (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
};

export function hasFormat(value: string, format: string): boolean {
  return checks[format]?.(value) ?? true;
}

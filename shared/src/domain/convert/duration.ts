/** Minutes from `90`, `1h 30m`, `01:30`, `1.5` (a fraction is hours) or `2 hours`; undefined when it is no duration. */
export function parseDuration(text: string | undefined): number | undefined {
  const cell = text?.trim().toLowerCase() ?? '';
  const clock = /^(\d{1,3}):([0-5]\d)(?::[0-5]\d)?$/.exec(cell);
  if (clock) return Number(clock[1]) * 60 + Number(clock[2]);
  if (/^\d{1,6}$/.test(cell)) return Number(cell);
  if (/^\d{1,4}[.,]\d{1,4}$/.test(cell)) return Math.round(Number(cell.replace(',', '.')) * 60);
  const words =
    /^(?:(\d+(?:[.,]\d+)?)\s*(?:h|hr|hrs|hour|hours))?[\s,]*(?:(\d+)\s*(?:m|min|mins|minute|minutes))?$/.exec(
      cell,
    );
  if (!words || (words[1] === undefined && words[2] === undefined)) return undefined;
  return Math.round(Number((words[1] ?? '0').replace(',', '.')) * 60) + Number(words[2] ?? 0);
}

/** `HH:MM` as activities want it. Undefined from 100 hours on, which the form cannot say. */
export function durationText(minutes: number): string | undefined {
  if (minutes <= 0 || minutes >= 6_000) return undefined;
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

/** A row by header; a header that is not there is an empty cell. */
export type Row = Record<string, string>;

export function money(cents: number): string {
  const whole = Math.abs(Math.round(cents));
  return `${cents < 0 ? '-' : ''}${Math.floor(whole / 100)}.${String(whole % 100).padStart(2, '0')}`;
}

export function list(values: ReadonlyArray<string | number>): string {
  return values.length === 0 ? '' : JSON.stringify(values.map(String));
}

export function yes(value: boolean): string {
  return value ? 'true' : 'false';
}
